#include "config/dump.h"

#include "base/json_text.h"

namespace pando::config {

std::string DumpToml(const Registry& registry) {
  std::string text;
  std::string section;
  for (const auto& slot : registry.slots()) {
    const std::string& name = slot->row().name;
    const size_t dot = name.rfind('.');
    if (name.substr(0, dot) != section) {
      section = name.substr(0, dot);
      text += (text.empty() ? "[" : "\n[") + section + "]\n";
    }
    text += name.substr(dot + 1) + " = " + slot->Toml() + "  # " + slot->source() + "\n";
  }
  return text;
}

std::string DumpJson(const Registry& registry) {
  std::string text = "{";
  for (const auto& slot : registry.slots()) {
    if (text.size() > 1) text += ",";
    AppendJsonString(text, slot->row().name);
    text += ":{\"value\":" + slot->Json() + ",\"source\":";
    AppendJsonString(text, slot->source());
    text += "}";
  }
  return text + "}";
}

}  // namespace pando::config
