#include "introspect/queries.h"

#include <array>
#include <span>
#include <string>
#include <utility>

#include "introspect/footprint_rules.h"
#include "introspect/query_texts.h"
#include "pg/connection.h"
#include "pgtypes/array.h"

namespace pando::introspect {
namespace {

// The empty search path makes the server qualify every name that it prints and that is not its own. Starting workers or
// compiling takes longer than it saves.
constexpr std::array<std::string_view, 3> kPreamble = {
    "SET LOCAL search_path = ''",
    "SET LOCAL max_parallel_workers_per_gather = 0",
    "SET LOCAL jit = off",
};

std::vector<pg::Parameter> ParametersOf(QueryInput input, const IntrospectOptions& options) {
  std::vector<std::string> searched = options.schemas;
  searched.insert(searched.end(), options.extra_search_path.begin(), options.extra_search_path.end());
  switch (input) {
    case QueryInput::kNone:
      return {};
    case QueryInput::kExposed:
      return {pgtypes::ArrayLiteral(options.schemas)};
    case QueryInput::kSearched:
      return {pgtypes::ArrayLiteral(searched)};
    case QueryInput::kExposedAndSearched:
      return {pgtypes::ArrayLiteral(options.schemas), pgtypes::ArrayLiteral(searched)};
    case QueryInput::kWatchedBuiltIns: {
      const std::span<const std::string_view> watched = WatchedBuiltIns();
      return {pgtypes::ArrayLiteral(std::vector<std::string>(watched.begin(), watched.end()))};
    }
    case QueryInput::kPreRequest:
      return {options.pre_request};
  }
  return {};
}

}  // namespace

pg::Exchange CatalogExchange(const IntrospectOptions& options) {
  pg::Exchange exchange;
  exchange.finish = pg::Finish::kHold;
  exchange.isolation = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY";
  const auto add = [&](std::string_view sql, std::vector<pg::Parameter> parameters) {
    pg::Command command;
    command.sql = std::string(sql);
    command.parameters = std::move(parameters);
    command.prepare = false;
    exchange.commands.push_back(std::move(command));
  };
  for (const std::string_view sql : kPreamble) add(sql, {});
  for (size_t i = 0; i < static_cast<size_t>(Query::kCount); ++i) {
    const QueryText& text = TextOf(static_cast<Query>(i));
    add(text.sql, ParametersOf(text.input, options));
  }
  return exchange;
}

Result<Answers> Answers::Of(std::vector<pg::Rows> rows) {
  const size_t expected = kPreamble.size() + static_cast<size_t>(Query::kCount);
  if (rows.size() != expected) {
    return Error(ErrorId::kIntrospection, "the database gave " + std::to_string(rows.size()) + " answers to " +
                                              std::to_string(expected) + " queries");
  }
  rows.erase(rows.begin(), rows.begin() + kPreamble.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const int wanted = TextOf(static_cast<Query>(i)).columns;
    if (rows[i].columns() == wanted) continue;
    return Error(ErrorId::kIntrospection, "query " + std::to_string(i) + " of the system catalogs gave " +
                                              std::to_string(rows[i].columns()) + " columns rather than " +
                                              std::to_string(wanted));
  }
  return Answers(std::move(rows));
}

const pg::Rows& Answers::operator[](Query query) const { return rows_[static_cast<size_t>(query)]; }

}  // namespace pando::introspect
