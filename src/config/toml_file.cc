#include "config/toml_file.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "config/unknown.h"

namespace pando::config {
namespace {

constexpr size_t kFileBytesMax = size_t{1} << 20;

// The value as TOML had it. Arrays of anything but strings have no option to go to.
Written WrittenOf(const toml::node& node) {
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* text = node.as_string()) return text->get();
  const toml::array* array = node.as_array();
  if (array == nullptr) return Unsupported{node.is_table() ? "a table" : "a date, time or fraction"};
  std::vector<std::string> list;
  for (const toml::node& element : *array) {
    const auto* text = element.as_string();
    if (text == nullptr) return Unsupported{"an array that holds more than strings"};
    list.push_back(text->get());
  }
  return list;
}

// Walks the tables of one file and turns what it meets into settings.
class Reader {
 public:
  Reader(const std::string& file, const std::vector<OptionRow>& rows) : file_(file), rows_(rows) {}

  Result<std::vector<Setting>> Read(const toml::table& root) {
    PANDO_CHECK(ReadTable(root, ""));
    return std::move(settings_);
  }

 private:
  Result<void> ReadTable(const toml::table& table, const std::string& path) {
    for (const auto& [key, node] : table) {
      const std::string name = path.empty() ? std::string(key.str()) : path + "." + std::string(key.str());
      const std::string where = file_ + ":" + std::to_string(key.source().begin.line);
      const OptionRow* row = RowOf(name);
      const toml::table* inner = node.as_table();
      if (row != nullptr && row->is_map && inner != nullptr) {
        ReadMap(*inner, *row);
      } else if (row != nullptr) {
        settings_.push_back({.option = name, .entry = {}, .value = WrittenOf(node), .source = where});
      } else if (inner != nullptr && (IsSection(name) || !inner->empty())) {
        PANDO_CHECK(ReadTable(*inner, name));
      } else {
        return UnknownKey(name, where, OptionNames(rows_));
      }
    }
    return {};
  }

  void ReadMap(const toml::table& table, const OptionRow& row) {
    for (const auto& [key, node] : table) {
      settings_.push_back({.option = row.name,
                           .entry = std::string(key.str()),
                           .value = WrittenOf(node),
                           .source = file_ + ":" + std::to_string(key.source().begin.line)});
    }
  }

  const OptionRow* RowOf(const std::string& name) const {
    const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const OptionRow& r) { return r.name == name; });
    return row == rows_.end() ? nullptr : &*row;
  }

  bool IsSection(const std::string& name) const {
    return std::any_of(rows_.begin(), rows_.end(), [&](const OptionRow& r) { return r.name.starts_with(name + "."); });
  }

  const std::string& file_;
  const std::vector<OptionRow>& rows_;
  std::vector<Setting> settings_;
};

// toml++ finds NUL bytes and bad UTF-8 itself; what it says becomes one line.
std::string OneLine(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

}  // namespace

Result<std::vector<Setting>> ParseToml(std::string_view text, const std::string& name,
                                       const std::vector<OptionRow>& rows) {
  const toml::parse_result result = toml::parse(text, name);
  if (!result) {
    const toml::source_position at = result.error().source().begin;
    return Error(ErrorId::kConfigInvalid, "the configuration is not TOML: " + OneLine(result.error().description()))
        .WithDetail(name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column));
  }
  return Reader(name, rows).Read(result.table());
}

Result<std::vector<Setting>> ReadTomlFile(const std::string& path, const std::vector<OptionRow>& rows) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.eof() && !file) {
    return Error(ErrorId::kConfigInvalid, "the configuration file \"" + path + "\" cannot be read");
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kFileBytesMax) {
    return Error(ErrorId::kConfigInvalid, "the configuration file \"" + path + "\" is larger than 1 MiB");
  }
  return ParseToml(text, path, rows);
}

}  // namespace pando::config
