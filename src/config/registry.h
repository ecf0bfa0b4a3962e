// The Registry holds every option of the program. Each module's options struct is added once; a load then gives the
// structs their values, from the lowest source to the highest:
//
//   defaults < PostgREST's defaults (when a PGRST_ variable is set) < TOML file < PGRST_ variables < PANDO_ variables
//            < settings in the database < flags
//
// Concurrency  single-owner: whoever loads and reloads; the structs belong to the same owner, and others get copies
// Ownership    refers to the structs added, which must outlive it
#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/option.h"
#include "base/result.h"
#include "config/environment.h"
#include "config/setting.h"
#include "config/slot.h"

namespace pando::config {

// Where values come from.
struct Sources {
  std::string file;  // path of a TOML file; empty: none
  Environment environment;
  std::vector<Setting> flags;                            // CommandLine::settings (config/flags.h)
  std::map<std::string, std::string> database_settings;  // PostgREST's in-database configuration, without "pgrst."
};

struct LoadReport {
  std::vector<std::string> warnings;
};

struct ReloadReport {
  struct Change {
    std::string option;
    std::string from;  // as TOML, masked
    std::string to;
  };
  std::vector<Change> changed;        // live options that have their new value now
  std::vector<Change> needs_restart;  // options that kept their value, because it cannot change while running
  std::vector<std::string> warnings;
};

class Registry {
 public:
  Registry() = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Adds the options that Describe(visitor, options) names, with their present values as defaults. Where there is a
  // Validate(const Options&) beside it that returns Result<void>, it has the last word on every load.
  // REQUIRES: no option of that name was added before; nothing was loaded yet.
  template <class Options>
  void Add(Options& options);

  // Sets every struct from `sources`. On an error all keep what they had.
  //   kConfigUnknownKey  a name that no option has, where it was written, and the nearest one
  //   kConfigInvalid     a value of the wrong type or out of range: the option, the value, its source, what is allowed;
  //                      or a Validate() that refused the combination
  Result<LoadReport> Load(const Sources& sources);

  // The same while the program runs: only options declared Reload::kLive change. On an error all keep what they had.
  Result<ReloadReport> Update(const Sources& sources);

  // The option of that name; null when there is none.
  const Slot* Find(std::string_view name) const;
  // In the order of declaration; for dumps, help and the reference page.
  const std::vector<std::unique_ptr<Slot>>& slots() const { return slots_; }
  const std::vector<OptionRow>& rows() const { return rows_; }

 private:
  friend class Declarations;

  void AddSlot(std::unique_ptr<Slot> slot);
  Result<std::vector<std::string>> Stage(const Sources& sources);
  Result<void> StageOne(const Setting& setting);
  // Runs every Validate() on the structs as they are; on an error swaps `swapped` back.
  Result<void> ValidateOrUndo(const std::vector<Slot*>& swapped);

  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<OptionRow> rows_;  // rows_[i] is slots_[i]->row()
  std::vector<std::function<Result<void>()>> validators_;
};

// The Visitor of base/option.h that Registry::Add hands to Describe().
class Declarations {
 public:
  explicit Declarations(Registry& registry) : registry_(registry) {}

  template <class T>
  void Option(std::string_view name, T& target, Reload reload, std::string_view help) {
    registry_.AddSlot(MakeSlot(Row(name, reload, help), target));
  }
  // `constraint` is a Range or a OneOf.
  template <class T, class Constraint>
  void Option(std::string_view name, T& target, Constraint constraint, Reload reload, std::string_view help) {
    registry_.AddSlot(MakeSlot(Row(name, reload, help), target, std::move(constraint)));
  }

 private:
  static OptionRow Row(std::string_view name, Reload reload, std::string_view help);

  Registry& registry_;
};

template <class Options>
void Registry::Add(Options& options) {
  Declarations declarations(*this);
  Describe(declarations, options);
  if constexpr (requires {
                  { Validate(std::as_const(options)) } -> std::same_as<Result<void>>;
                }) {
    validators_.push_back([&options] { return Validate(std::as_const(options)); });
  }
}

}  // namespace pando::config
