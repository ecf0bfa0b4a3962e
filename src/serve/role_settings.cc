#include "serve/role_settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/ascii.h"
#include "catalog/snapshot.h"

namespace pando::serve {
namespace {

using std::string_view;

// By name, in pg_settings' spelling. None has a say in what a statement gives, in which transactions it may run, or in
// how our connections read values.
constexpr string_view kKept[] = {"lock_timeout",
                                 "idle_in_transaction_session_timeout",
                                 "idle_session_timeout",
                                 "work_mem",
                                 "hash_mem_multiplier",
                                 "maintenance_work_mem",
                                 "logical_decoding_work_mem",
                                 "effective_cache_size",
                                 "effective_io_concurrency",
                                 "plan_cache_mode",
                                 "cursor_tuple_fraction",
                                 "constraint_exclusion",
                                 "from_collapse_limit",
                                 "join_collapse_limit",
                                 "seq_page_cost",
                                 "random_page_cost",
                                 "cpu_tuple_cost",
                                 "cpu_index_tuple_cost",
                                 "cpu_operator_cost",
                                 "parallel_setup_cost",
                                 "parallel_tuple_cost",
                                 "min_parallel_table_scan_size",
                                 "min_parallel_index_scan_size",
                                 "max_parallel_workers",
                                 "max_parallel_workers_per_gather",
                                 "parallel_leader_participation",
                                 "recursive_worktable_factor",
                                 "geqo",
                                 "geqo_threshold",
                                 "geqo_effort",
                                 "geqo_pool_size",
                                 "geqo_generations",
                                 "geqo_selection_bias",
                                 "geqo_seed",
                                 "jit",
                                 "jit_above_cost",
                                 "jit_inline_above_cost",
                                 "jit_optimize_above_cost"};

bool IsKept(string_view name) {
  return name.starts_with("enable_") || std::find(std::begin(kKept), std::end(kKept), name) != std::end(kKept);
}

struct Unit {
  string_view name;
  double milliseconds;
};
constexpr Unit kUnits[] = {{"", 1}, {"us", 1e-3}, {"ms", 1}, {"s", 1e3}, {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}};

}  // namespace

std::optional<milliseconds> ParseTimeout(string_view text) {
  text = Trimmed(text);
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failure != std::errc() || number < 0) return std::nullopt;
  const string_view unit = Trimmed(text.substr(static_cast<size_t>(end - text.data())));
  const auto* const known =
      std::find_if(std::begin(kUnits), std::end(kUnits), [unit](const Unit& it) { return it.name == unit; });
  if (known == std::end(kUnits)) return std::nullopt;
  const double amount = number * known->milliseconds;
  constexpr double kMax = 2147483647;  // INT_MAX, as PostgreSQL has it
  if (amount > kMax) return std::nullopt;
  return milliseconds(amount > 0 && amount < 1 ? 1 : std::llround(amount));
}

RoleSettings RoleSettingsOf(const catalog::Snapshot& schema, const std::string& role) {
  RoleSettings settings;
  settings.statement_timeout = schema.statement_timeout;
  const auto found = schema.role_settings.find(role);
  if (found == schema.role_settings.end()) return settings;
  pg::SessionSettings kept;
  for (const auto& setting : found->second) {
    const std::string &name = setting.first, &value = setting.second;
    const std::optional<milliseconds> timeout = name == "statement_timeout" ? ParseTimeout(value) : std::nullopt;
    if (timeout) {
      settings.statement_timeout = *timeout;
    } else if (IsKept(name)) {
      // What is set for this database comes behind what is set for all, and wins.
      std::erase_if(kept, [&](const auto& earlier) { return earlier.first == name; });
      kept.emplace_back(name, value);
    } else {
      settings.has_others = true;
    }
  }
  if (!kept.empty()) settings.kept = std::make_shared<const pg::SessionSettings>(std::move(kept));
  return settings;
}

SettingsOfRoles::SettingsOfRoles(const catalog::Snapshot& schema) {
  others_.statement_timeout = schema.statement_timeout;
  for (const auto& [role, settings] : schema.role_settings) own_.emplace(role, RoleSettingsOf(schema, role));
}

const RoleSettings& SettingsOfRoles::Of(const std::string& role) const {
  const auto own = own_.find(role);
  return own == own_.end() ? others_ : own->second;
}

}  // namespace pando::serve
