#include "config/registry.h"

#include <algorithm>

#include "base/assert.h"
#include "config/postgrest.h"
#include "config/toml_file.h"
#include "config/unknown.h"
#include "config/value.h"

namespace pando::config {

OptionRow Declarations::Row(std::string_view name, Reload reload, std::string_view help) {
  OptionRow row;
  row.name = name;
  row.reload = reload;
  row.help = help;
  return row;
}

void Registry::AddSlot(std::unique_ptr<Slot> slot) {
  const OptionRow& row = slot->row();
  PANDO_ASSERT(row.name.find('.') != std::string::npos);
  PANDO_ASSERT(std::none_of(rows_.begin(), rows_.end(), [&](const OptionRow& r) { return r.name == row.name; }));
  rows_.push_back(row);
  slots_.push_back(std::move(slot));
}

const Slot* Registry::Find(std::string_view name) const {
  const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const auto& s) { return s->row().name == name; });
  return slot == slots_.end() ? nullptr : slot->get();
}

Result<void> Registry::StageOne(const Setting& setting) {
  const auto slot =
      std::find_if(slots_.begin(), slots_.end(), [&](const auto& s) { return s->row().name == setting.option; });
  // Every reader resolves names against rows() first.
  PANDO_ASSERT(slot != slots_.end());
  if ((*slot)->Stage(setting)) return {};
  const OptionRow& row = (*slot)->row();
  const bool is_hidden = row.is_secret || row.is_map;
  const std::string name = setting.entry.empty() ? row.name : row.name + "." + setting.entry;
  const std::string value = is_hidden ? "what is given" : MaskPassword(ToString(setting.value));
  return Error(ErrorId::kConfigInvalid, name + " cannot be " + value)
      .WithDetail(setting.source)
      .WithHint("it must be " + row.allowed);
}

Result<std::vector<std::string>> Registry::Stage(const Sources& sources) {
  for (const auto& slot : slots_) slot->Reset();
  const PostgrestSettings postgrest = ReadPostgrest(sources.environment, rows_);
  const PostgrestSettings database = ReadDatabaseSettings(sources.database_settings, rows_);
  PANDO_TRY(const std::vector<Setting> environment, ReadEnvironment(sources.environment, rows_));
  std::vector<Setting> file;
  if (!sources.file.empty()) {
    PANDO_TRY(file, ReadTomlFile(sources.file, rows_));
  }
  for (const auto* layer : {&postgrest.defaults, static_cast<const std::vector<Setting>*>(&file), &postgrest.settings,
                            &environment, &database.settings, &sources.flags}) {
    for (const Setting& setting : *layer) PANDO_CHECK(StageOne(setting));
  }
  std::vector<std::string> warnings = postgrest.warnings;
  warnings.insert(warnings.end(), database.warnings.begin(), database.warnings.end());
  return warnings;
}

Result<void> Registry::ValidateOrUndo(const std::vector<Slot*>& swapped) {
  for (const auto& validate : validators_) {
    Result<void> valid = validate();
    if (valid) continue;
    for (Slot* slot : swapped) slot->Swap();
    return valid;
  }
  return {};
}

Result<LoadReport> Registry::Load(const Sources& sources) {
  PANDO_TRY(std::vector<std::string> warnings, Stage(sources));
  std::vector<Slot*> swapped;
  for (const auto& slot : slots_) {
    slot->Swap();
    swapped.push_back(slot.get());
  }
  PANDO_CHECK(ValidateOrUndo(swapped));
  return LoadReport{std::move(warnings)};
}

Result<ReloadReport> Registry::Update(const Sources& sources) {
  ReloadReport report;
  PANDO_TRY(report.warnings, Stage(sources));
  std::vector<Slot*> swapped;
  for (const auto& slot : slots_) {
    const bool is_live = slot->row().reload == Reload::kLive;
    const std::string before = slot->Toml();
    const bool is_changed = slot->is_changed();
    slot->Swap();
    if (is_changed) {
      (is_live ? report.changed : report.needs_restart).push_back({slot->row().name, before, slot->Toml()});
    }
    if (is_changed && !is_live) {
      slot->Swap();
    } else {
      swapped.push_back(slot.get());
    }
  }
  PANDO_CHECK(ValidateOrUndo(swapped));
  return report;
}

}  // namespace pando::config
