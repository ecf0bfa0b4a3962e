#include "config/slot.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace pando::config {
namespace {

// A value taken apart for printing: TOML, JSON and plain text differ in the quotes and brackets around its parts.
struct Printed {
  enum class Shape { kBare, kQuoted, kList };
  Shape shape;
  std::vector<std::string> parts;

  // TOML, and JSON at once.
  std::string Literal() const {
    switch (shape) {
      case Shape::kBare:
        return parts[0];
      case Shape::kQuoted:
        return Quoted(parts[0]);
      case Shape::kList:
        return QuotedList(parts);
    }
    return "";
  }
  std::string Plain() const {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
    return text;
  }
};

Printed Bare(std::string text) { return {Printed::Shape::kBare, {std::move(text)}}; }
Printed InQuotes(std::string text) { return {Printed::Shape::kQuoted, {std::move(text)}}; }

// How one type is read and printed. Kept as functions, so that a range or a list of choices travels with them.
template <class T>
struct Codec {
  std::function<std::optional<T>(const Written&)> parse;
  std::function<Printed(const T&)> print;
};

template <class T>
class TypedSlot final : public Slot {
 public:
  TypedSlot(OptionRow row, T& target, Codec<T> codec)
      : Slot(std::move(row)), target_(target), default_(target), staged_(target), codec_(std::move(codec)) {}

  bool is_changed() const override { return !(staged_ == target_); }
  std::string Toml() const override { return codec_.print(target_).Literal(); }
  std::string Json() const override { return codec_.print(target_).Literal(); }
  std::string Plain() const override { return codec_.print(target_).Plain(); }
  std::string DefaultToml() const override { return codec_.print(default_).Literal(); }

 private:
  void StageDefault() override { staged_ = default_; }
  bool StageValue(const Setting& setting) override {
    if (!setting.entry.empty()) return false;
    std::optional<T> value = codec_.parse(setting.value);
    if (!value) return false;
    staged_ = std::move(*value);
    return true;
  }
  void SwapValue() override { std::swap(staged_, target_); }

  T& target_;
  const T default_;
  T staged_;
  const Codec<T> codec_;
};

// A map is set entry by entry: a source replaces the entries that it names and leaves the others. Its values are
// never printed, because this is where applications hand passwords to their functions.
class MapSlot final : public Slot {
 public:
  using Map = std::map<std::string, std::string>;
  MapSlot(OptionRow row, Map& target) : Slot(std::move(row)), target_(target), default_(target), staged_(target) {}

  bool is_changed() const override { return staged_ != target_; }
  std::string Toml() const override { return Print(target_, "{ ", " = ", " }"); }
  std::string Json() const override { return Print(target_, "{", ":", "}"); }
  std::string Plain() const override { return Toml(); }
  std::string DefaultToml() const override { return Print(default_, "{ ", " = ", " }"); }

 private:
  static std::string Print(const Map& map, std::string_view open, std::string_view assign, std::string_view close) {
    if (map.empty()) return "{}";
    std::string text(open);
    for (const auto& [key, value] : map) {
      if (text.size() > open.size()) text += ", ";
      text += Quoted(key) + std::string(assign) + Quoted("***");
    }
    return text + std::string(close);
  }
  void StageDefault() override { staged_ = default_; }
  bool StageValue(const Setting& setting) override {
    if (setting.entry.empty()) return false;
    std::optional<std::string> value = ParseString(setting.value);
    if (!value) return false;
    staged_[setting.entry] = std::move(*value);
    return true;
  }
  void SwapValue() override { std::swap(staged_, target_); }

  Map& target_;
  const Map default_;
  Map staged_;
};

template <class T>
std::unique_ptr<Slot> Make(OptionRow row, T& target, Codec<T> codec) {
  return std::make_unique<TypedSlot<T>>(std::move(row), target, std::move(codec));
}

template <class T>
std::function<std::optional<T>(const Written&)> Within(Range<T> range, std::optional<T> (*parse)(const Written&)) {
  return [range, parse](const Written& written) {
    std::optional<T> value = parse(written);
    if (value && (*value < range.min || *value > range.max)) value.reset();
    return value;
  };
}

template <class T>
std::string FromTo(Range<T> range) {
  const auto print = [](T value) {
    if constexpr (std::is_same_v<T, uint32_t>) {
      return std::to_string(value);
    } else {
      return Format(value);
    }
  };
  return " from " + print(range.min) + " to " + print(range.max);
}

// Unset is written as an empty string: TOML and the environment know no null.
bool IsEmptyText(const Written& written) {
  const std::optional<std::string> text = ParseString(written);
  return text && text->empty();
}

OptionRow Typed(OptionRow row, std::string type, std::string allowed) {
  row.type = std::move(type);
  row.allowed = std::move(allowed);
  return row;
}

Printed PrintNumber(uint32_t value) { return Bare(std::to_string(value)); }
Printed PrintSpan(const milliseconds& value) { return InQuotes(Format(value)); }
Printed PrintBytes(const Bytes& value) { return InQuotes(Format(value)); }
Printed PrintText(const std::string& value) { return InQuotes(MaskPassword(value)); }

}  // namespace

void Slot::Reset() {
  StageDefault();
  staged_source_ = "default";
}

bool Slot::Stage(const Setting& setting) {
  if (!StageValue(setting)) return false;
  // A map's entries may come from several places; all of them are named, once each and in order.
  if (row_.is_map && staged_source_ != "default") {
    staged_source_ += ", " + setting.source;
  } else {
    staged_source_ = setting.source;
  }
  return true;
}

void Slot::Swap() {
  SwapValue();
  std::swap(source_, staged_source_);
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, bool& target) {
  row.is_bool = true;
  return Make<bool>(Typed(std::move(row), "boolean", "true or false"), target,
                    {ParseBool, [](const bool& value) { return Bare(value ? "true" : "false"); }});
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, uint32_t& target, Range<uint32_t> range) {
  return Make<uint32_t>(Typed(std::move(row), "integer", "an integer" + FromTo(range)), target,
                        {Within(range, ParseUint32), PrintNumber});
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, milliseconds& target, Range<milliseconds> range) {
  return Make<milliseconds>(
      Typed(std::move(row), "duration", "a number with its unit (500ms, 10s, 5m, 1h)" + FromTo(range)), target,
      {Within(range, ParseMilliseconds), PrintSpan});
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, Bytes& target, Range<Bytes> range) {
  return Make<Bytes>(Typed(std::move(row), "size", "a number of bytes, or one with KiB, MiB or GiB," + FromTo(range)),
                     target, {Within(range, ParseBytes), PrintBytes});
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, std::string& target) {
  return Make<std::string>(Typed(std::move(row), "string", "a string"), target, {ParseString, PrintText});
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, std::string& target, OneOf choices) {
  std::string allowed = "one of";
  for (const std::string_view choice : choices.values) {
    allowed += (allowed.ends_with("of") ? " " : ", ") + Quoted(choice);
  }
  const auto parse = [choices](const Written& written) {
    std::optional<std::string> value = ParseString(written);
    if (value && std::find(choices.values.begin(), choices.values.end(), *value) == choices.values.end()) value.reset();
    return value;
  };
  return Make<std::string>(Typed(std::move(row), "choice", std::move(allowed)), target, {parse, PrintText});
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, std::optional<std::string>& target) {
  using Value = std::optional<std::string>;
  const auto parse = [](const Written& written) -> std::optional<Value> {
    Value value = ParseString(written);
    if (!value) return std::nullopt;
    return value->empty() ? Value() : value;
  };
  return Make<Value>(Typed(std::move(row), "string or none", "a string; empty means none"), target,
                     {parse, [](const Value& value) { return PrintText(value.value_or("")); }});
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, std::optional<uint32_t>& target, Range<uint32_t> range) {
  using Value = std::optional<uint32_t>;
  const auto parse = [range](const Written& written) -> std::optional<Value> {
    if (IsEmptyText(written)) return Value();
    Value value = Within(range, ParseUint32)(written);
    if (!value) return std::nullopt;
    return value;
  };
  return Make<Value>(
      Typed(std::move(row), "integer or none", "an integer" + FromTo(range) + "; an empty string means none"), target,
      {parse, [](const Value& value) { return value ? PrintNumber(*value) : InQuotes(""); }});
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, Secret& target) {
  row.is_secret = true;
  const auto parse = [](const Written& written) -> std::optional<Secret> {
    std::optional<std::string> text = ParseString(written);
    if (!text) return std::nullopt;
    return Secret(std::move(*text));
  };
  return Make<Secret>(Typed(std::move(row), "secret", "a string"), target,
                      {parse, [](const Secret& value) { return InQuotes(value.empty() ? "" : "***"); }});
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, std::vector<std::string>& target) {
  using List = std::vector<std::string>;
  const auto print = [](const List& list) {
    Printed printed{Printed::Shape::kList, {}};
    for (const std::string& element : list) printed.parts.push_back(MaskPassword(element));
    return printed;
  };
  return Make<List>(
      Typed(std::move(row), "list of strings", "an array of strings, or in a variable or flag, strings with commas"),
      target, {ParseList, print});
}

std::unique_ptr<Slot> MakeSlot(OptionRow row, std::map<std::string, std::string>& target) {
  row.is_map = true;
  return std::make_unique<MapSlot>(
      Typed(std::move(row), "table of strings", "a table of strings; in a variable or flag, one entry each"), target);
}

}  // namespace pando::config
