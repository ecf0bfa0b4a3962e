#include "rest/field_parser.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace pando::rest {
namespace {

constexpr std::string_view kFieldName = "field name (* or [a..z0..9_$])";
constexpr std::string_view kJsonKey = "any non reserved character different from: .,>()";

constexpr std::array<bool, 256> MakeWordTable() {
  std::array<bool, 256> table{};
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned c = 0x80; c <= 0xFF; ++c) table[c] = true;
  table['_'] = table[' '] = table['$'] = true;
  return table;
}

constexpr std::array<bool, 256> MakeJsonKeyTable() {
  std::array<bool, 256> table{};
  table.fill(true);
  for (const char c : {'(', '-', ':', '.', ',', '>', ')'}) table[static_cast<unsigned char>(c)] = false;
  return table;
}

constexpr std::array<bool, 256> kWordTable = MakeWordTable();
constexpr std::array<bool, 256> kJsonKeyTable = MakeJsonKeyTable();

// Appends the run of characters that `table` allows, without the blanks around it. False if nothing remains.
bool ReadRun(Cursor& in, const std::array<bool, 256>& table, std::string& out) {
  const std::string_view rest = in.rest();
  size_t length = 0;
  while (length < rest.size() && table[static_cast<unsigned char>(rest[length])]) ++length;
  const std::string_view run = Trimmed(rest.substr(0, length));
  if (run.empty()) return false;
  in.Advance(length);
  out += run;
  return true;
}

bool AtDash(const Cursor& in) { return in.peek() == '-' && in.peek(1) != '>'; }

// Runs joined by dashes; a dash that begins an arrow ends the name.
bool ReadDashed(Cursor& in, const std::array<bool, 256>& table, std::string_view label, std::string& out) {
  out.clear();
  if (!ReadRun(in, table, out)) {
    in.Expect(label);
    return false;
  }
  while (AtDash(in)) {
    in.Advance(1);
    out += '-';
    if (ReadRun(in, table, out)) continue;
    in.Expect(label);
    return false;
  }
  return true;
}

// What may follow an index; anything else makes the operand a key ("0xy1", "23-xy-45").
bool AtIndexEnd(Cursor& in) {
  if (in.at_end() || in.StartsWith("->") || in.StartsWith("::") || in.peek() == '.' || in.peek() == ',') return true;
  for (const std::string_view label : {"digit", "\"->\"", "\"::\"", "\".\"", "\",\""}) in.Expect(label);
  in.Expect(kEndOfInput);
  return false;
}

bool ReadIndex(Cursor& in, std::string& out) {
  const size_t start = in.position();
  if (in.peek() == '-') in.Advance(1);
  if (!IsDigit(in.peek())) {
    in.Expect("digit");
    return false;
  }
  while (IsDigit(in.peek())) in.Advance(1);
  if (!AtIndexEnd(in)) return false;
  out = in.text().substr(start, in.position() - start);
  return true;
}

bool ReadJsonOperand(Cursor& in, JsonStep& step) {
  const size_t start = in.position();
  step.is_index = ReadIndex(in, step.key);
  if (step.is_index) return true;
  in.Seek(start);
  if (in.peek() == '"') return ReadQuoted(in, step.key);
  if (!ReadDashed(in, kJsonKeyTable, kJsonKey, step.key)) return false;
  in.ForgetFailures();
  return true;
}

}  // namespace

bool ReadQuoted(Cursor& in, std::string& out) {
  if (!in.Take("\"", "\"\\\"\"")) return false;
  out.clear();
  for (;;) {
    const std::string_view rest = in.rest();
    const size_t stop = std::min(rest.find_first_of("\"\\"), rest.size());
    out += rest.substr(0, stop);
    in.Advance(stop);
    if (in.peek() == '\\' && rest.size() > stop + 1) {
      out += rest[stop + 1];
      in.Advance(2);
    } else {
      if (in.peek() == '\\') in.Advance(1);
      return in.Take("\"", "\"\\\"\"");
    }
  }
}

bool ReadFieldName(Cursor& in, std::string& out) {
  if (in.peek() == '"') return ReadQuoted(in, out);
  if (!ReadDashed(in, kWordTable, kFieldName, out)) return false;
  in.Expect("letter");
  in.Expect("digit");
  in.Expect("\"-\"");
  return true;
}

bool ReadTypeName(Cursor& in, std::string& out) {
  out.clear();
  const bool read = ReadRun(in, kWordTable, out);
  in.Expect("letter");
  in.Expect("digit");
  return read;
}

bool ReadJsonPath(Cursor& in, std::vector<JsonStep>& out) {
  out.clear();
  while (in.StartsWith("->")) {
    JsonStep step;
    step.as_text = in.peek(2) == '>';
    in.Advance(step.as_text ? 3 : 2);
    if (!ReadJsonOperand(in, step)) return false;
    out.push_back(std::move(step));
  }
  in.Expect("\"->>\"");
  in.Expect("\"->\"");
  return true;
}

bool ReadField(Cursor& in, Field& out) {
  in.SkipBlanks();
  if (!ReadFieldName(in, out.name) || !ReadJsonPath(in, out.path)) return false;
  in.SkipBlanks();
  return true;
}

bool ReadTreePath(Cursor& in, EmbedPath& path, Field& field) {
  path.clear();
  for (;;) {
    if (!ReadFieldName(in, field.name)) return false;
    if (!in.Take(".", kDelimiter)) break;
    path.push_back(std::move(field.name));
  }
  if (!ReadJsonPath(in, field.path)) return false;
  in.SkipBlanks();
  if (in.at_end()) return true;
  in.Expect(kEndOfInput);
  return false;
}

bool ReadNames(Cursor& in, std::vector<std::string>& out) {
  out.clear();
  do {
    in.SkipBlanks();
    if (!ReadFieldName(in, out.emplace_back())) return false;
    in.SkipBlanks();
  } while (in.Take(",", kComma));
  if (in.at_end()) return true;
  in.Expect(kEndOfInput);
  return false;
}

}  // namespace pando::rest
