// One value that a source gives to one option, before the option's type is looked at. The readers of the sources
// (toml_file, environment, postgrest, flags) produce them, the Registry takes them.
//
// Concurrency  immutable
#pragma once

#include <string>
#include <vector>

#include "base/option.h"
#include "config/value.h"

namespace pando::config {

struct Setting {
  std::string option;  // "http.listen", known or not
  std::string entry;   // which entry of a map option; empty for every other option
  Written value;
  std::string source;  // "pando.toml:3", "PANDO_HTTP_LISTEN", "--http.listen"
};

// What is known of an option besides its value.
struct OptionRow {
  std::string name;     // "http.listen": section, dot, key
  std::string type;     // in words: "duration"
  std::string allowed;  // what a value must be: "a number with its unit (500ms, 10s, 5m, 1h) from 1ms to 24h"
  std::string help;
  Reload reload = Reload::kRestart;
  bool is_bool = false;
  bool is_map = false;
  bool is_secret = false;
};

// "PANDO_HTTP_LISTEN" for "http.listen".
std::string VariableOf(const std::string& option);

// The map option that `name` lies in, with the entry it names: "rest.app_settings.x" is entry "x" of the map option
// "rest.app_settings". Null when there is none.
const OptionRow* MapOf(const std::vector<OptionRow>& rows, const std::string& name);

}  // namespace pando::config
