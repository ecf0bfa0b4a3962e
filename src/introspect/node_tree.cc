#include "introspect/node_tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace pando::introspect {
namespace {

// Splits as the server's own reader does: blanks separate, parentheses and braces stand alone, a backslash takes the
// next character as it is.
class Tokens {
 public:
  explicit Tokens(std::string_view tree) : rest_(tree) {}

  // Empty at the end.
  std::string_view Next() {
    size_t begin = 0;
    while (begin < rest_.size() && IsBlank(rest_[begin])) ++begin;
    size_t end = begin;
    if (end < rest_.size() && IsBracket(rest_[end])) {
      ++end;
    } else {
      while (end < rest_.size() && !IsBlank(rest_[end]) && !IsBracket(rest_[end])) {
        end += rest_[end] == '\\' && end + 1 < rest_.size() ? 2 : 1;
      }
    }
    const std::string_view token = rest_.substr(begin, end - begin);
    rest_.remove_prefix(end);
    return token;
  }

 private:
  static bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t'; }
  static bool IsBracket(char c) { return c == '(' || c == ')' || c == '{' || c == '}'; }

  std::string_view rest_;
};

// Walks a tree and tells fields from values. The token after a field's name is always a value, even when it begins with
// a colon: a column alias may be ":funcid".
class Walker {
 public:
  enum class Step { kEnd, kOpenNode, kCloseNode, kOpenList, kCloseList, kValue };

  explicit Walker(std::string_view tree) : tokens_(tree) {}

  Step Next() {
    std::string_view token = tokens_.Next();
    if (token.size() > 1 && token[0] == ':') {
      field_ = token.substr(1);
      token = tokens_.Next();
    }
    if (token.empty()) return Step::kEnd;
    value_ = token;
    if (token == "{") {
      value_ = tokens_.Next();  // the node's tag
      ++depth_;
      return Step::kOpenNode;
    }
    if (token == "}") {
      --depth_;
      return Step::kCloseNode;
    }
    if (token == "(") return Step::kOpenList;
    if (token == ")") return Step::kCloseList;
    return Step::kValue;
  }

  std::string_view field() const { return field_; }
  std::string_view value() const { return value_; }  // or the tag of a node just opened
  int depth() const { return depth_; }

 private:
  Tokens tokens_;
  std::string_view field_;
  std::string_view value_;
  int depth_ = 0;
};

template <class Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <size_t N>
bool EndsWithOneOf(std::string_view field, const std::array<std::string_view, N>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return field.ends_with(ending); });
}

// By their endings rather than one by one, so that a field that a new major version brings is seen as well. What a
// looser match finds beyond the wanted are small numbers (joinType, commandType), which are no user-defined type.
constexpr std::array<std::string_view, 4> kFunctionFields = {"funcid", "fnoid", "InRangeFunc", "tsmhandler"};
constexpr std::array<std::string_view, 4> kOperatorFields = {"opno", "opnos", "eqop", "sortop"};
constexpr std::array<std::string_view, 7> kTypeFields = {"type", "types", "Type", "Types", "typeid", "typid", "typeId"};

// current_setting(text) and current_setting(text, boolean); the type text (pg_proc.dat, pg_type.dat).
constexpr std::array<Oid, 2> kCurrentSetting = {2077, 3294};
constexpr std::string_view kTextType = "25";

// A constant's value as it is printed: its length, then its bytes as signed numbers in brackets. Of type text they
// begin with a header of four bytes, which holds the length times four in the server's own byte order (varatt.h).
class TextConstant {
 public:
  void TakeField(std::string_view field, std::string_view value) {
    if (field == "consttype") is_text_ = value == kTextType;
    if (field == "constisnull" && value != "false") is_text_ = false;
    if (field != "constvalue") return;
    if (!length_) {
      length_ = ParseNumber<int>(value);
    } else if (const auto byte = ParseNumber<int>(value)) {
      bytes_ += static_cast<char>(*byte);
    }
  }

  // nullopt when it is no text, or none that is understood.
  std::optional<std::string> text() const {
    if (!is_text_ || !length_ || bytes_.size() != static_cast<size_t>(*length_) || bytes_.size() < kHeaderBytes) {
      return std::nullopt;
    }
    uint32_t header = 0;
    std::memcpy(&header, bytes_.data(), kHeaderBytes);
    const auto length = static_cast<uint32_t>(bytes_.size());
    if (header != (std::endian::native == std::endian::little ? length << 2 : length)) return std::nullopt;
    return bytes_.substr(kHeaderBytes);
  }

 private:
  static constexpr size_t kHeaderBytes = 4;

  bool is_text_ = false;
  std::optional<int> length_;
  std::string bytes_;
};

// SQLValueFunctionOp: up to 8 are the current date and time in their forms, then come role, user and schema.
constexpr int kLastTimeValue = 8;
constexpr int kSelectCommand = 1;

void AddUserDefined(std::vector<Oid>& oids, std::optional<Oid> oid) {
  if (oid && *oid >= kFirstUserOid) oids.push_back(*oid);
}

void SortUnique(std::vector<Oid>& oids) {
  std::sort(oids.begin(), oids.end());
  oids.erase(std::unique(oids.begin(), oids.end()), oids.end());
}

class ReferenceReader {
 public:
  explicit ReferenceReader(std::string_view tree) : walker_(tree) {}

  NodeReferences Run() {
    using Step = Walker::Step;
    for (Step step = walker_.Next(); step != Step::kEnd; step = walker_.Next()) {
      if (step == Step::kOpenNode) OpenNode(walker_.value());
      if (step == Step::kCloseNode && name_) CloseName();
      if (step == Step::kValue) TakeValue(walker_.field(), walker_.value());
    }
    CallUnknownSetting();
    SortUnique(found_.functions);
    SortUnique(found_.operators);
    SortUnique(found_.types);
    SortUnique(found_.relations);
    return std::move(found_);
  }

 private:
  void OpenNode(std::string_view tag) {
    tag_ = tag;
    if (setting_call_ == 0 || name_) return;
    // The first argument.
    if (tag == "CONST") {
      name_.emplace();
    } else {
      CallUnknownSetting();
    }
  }

  // What a call of current_setting names is known.
  void CloseName() {
    const std::optional<std::string> name = name_->text();
    if (name) {
      found_.settings |= catalog::ObservedByName(*name);
      setting_call_ = 0;
    }
    name_.reset();
    CallUnknownSetting();
  }

  void CallUnknownSetting() {
    if (setting_call_ != 0) found_.functions.push_back(setting_call_);
    setting_call_ = 0;
  }

  void TakeFunction(std::string_view field, Oid oid) {
    const bool is_setting = std::find(kCurrentSetting.begin(), kCurrentSetting.end(), oid) != kCurrentSetting.end();
    if (!is_setting || field != "funcid" || tag_ != "FUNCEXPR") {
      found_.functions.push_back(oid);
      return;
    }
    CallUnknownSetting();
    setting_call_ = oid;
  }

  // A list of oids, "(o 96 97)", comes here number by number under the name of its field.
  void TakeValue(std::string_view field, std::string_view value) {
    if (name_) name_->TakeField(field, value);
    if (EndsWithOneOf(field, kFunctionFields)) {
      const auto oid = ParseNumber<Oid>(value);
      if (oid && *oid != 0) TakeFunction(field, *oid);
    } else if (EndsWithOneOf(field, kOperatorFields)) {
      AddUserDefined(found_.operators, ParseNumber<Oid>(value));
    } else if (field == "relid") {
      const auto oid = ParseNumber<Oid>(value);
      if (oid && *oid != 0) found_.relations.push_back(*oid);
    } else if (field == "commandType") {
      if (ParseNumber<int>(value) != kSelectCommand) found_.writes = true;
    } else if (field == "hasForUpdate") {
      if (value == "true") found_.writes = true;
    } else if (EndsWithOneOf(field, kTypeFields)) {
      AddUserDefined(found_.types, ParseNumber<Oid>(value));
    } else if (field == "op" && tag_ == "SQLVALUEFUNCTION") {
      const bool tells_time = ParseNumber<int>(value).value_or(kLastTimeValue + 1) <= kLastTimeValue;
      if (!tells_time) found_.settings |= catalog::Observed::kIdentity;
    }
  }

  Walker walker_;
  std::string_view tag_;  // of the node opened last: enough for nodes whose fields of interest come before children
  Oid setting_call_ = 0;  // a call of current_setting whose first argument has not been read
  std::optional<TextConstant> name_;  // that argument, while it is read
  NodeReferences found_;
};

class TargetReader {
 public:
  explicit TargetReader(std::string_view tree) : walker_(tree) {}

  std::vector<TargetOrigin> Run() {
    using Step = Walker::Step;
    for (Step step = walker_.Next(); step != Step::kEnd && !done_; step = walker_.Next()) {
      switch (step) {
        case Step::kOpenNode:
          OpenNode();
          break;
        case Step::kCloseNode:
          if (in_target_list_ && walker_.depth() == kQueryDepth) CloseTarget();
          break;
        case Step::kOpenList:
          if (walker_.depth() == kQueryDepth) in_target_list_ = walker_.field() == "targetList";
          break;
        case Step::kCloseList:
          if (in_target_list_ && walker_.depth() == kQueryDepth) done_ = true;
          break;
        case Step::kValue:
          if (in_target_list_ && walker_.depth() == kTargetDepth) TakeValue();
          break;
        case Step::kEnd:
          break;
      }
    }
    return std::move(origins_);
  }

 private:
  static constexpr int kQueryDepth = 1;
  static constexpr int kTargetDepth = 2;

  void OpenNode() {
    if (!in_target_list_ || walker_.depth() != kTargetDepth) return;
    target_ = {};
    is_junk_ = false;
  }

  void TakeValue() {
    const std::string_view field = walker_.field();
    if (field == "resno") target_.position = ParseNumber<int>(walker_.value()).value_or(0);
    if (field == "resorigtbl") target_.relation = ParseNumber<Oid>(walker_.value()).value_or(0);
    if (field == "resorigcol") target_.relation_column = ParseNumber<int>(walker_.value()).value_or(0);
    if (field == "resjunk") is_junk_ = walker_.value() != "false";
  }

  void CloseTarget() {
    if (!is_junk_ && target_.relation != 0 && target_.relation_column > 0) origins_.push_back(target_);
  }

  Walker walker_;
  bool in_target_list_ = false;
  bool done_ = false;
  bool is_junk_ = false;
  TargetOrigin target_;
  std::vector<TargetOrigin> origins_;
};

}  // namespace

NodeReferences ReadReferences(std::string_view tree) { return ReferenceReader(tree).Run(); }

std::vector<TargetOrigin> ReadTargetOrigins(std::string_view tree) { return TargetReader(tree).Run(); }

}  // namespace pando::introspect
