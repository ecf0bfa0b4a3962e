// Requests against a small catalog, and the SQL they become: test/data/plan/*.case. A case is
//
//   # a remark
//   GET /projects?select=id
//   Prefer: return=representation
//   {"a":1}
//   =>
//   SELECT ...
//   $1 = value
//
// with blank lines between cases. ./dev test --update sql rewrites what follows "=>"; review reads the diff.
#include "sql/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/test_source.h"
#include "plan/cheap.h"
#include "plan/test_catalog.h"
#include "rest/request.h"

namespace pando::sql {
namespace {

struct Case {
  std::string remark;
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string expected;
};

std::vector<std::string> SplitBlocks(const std::string& text) {
  std::vector<std::string> blocks;
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = text.find("\n\n", begin);
    if (end == std::string::npos) end = text.size();
    if (end > begin) blocks.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return blocks;
}

Case ParseCase(const std::string& block) {
  Case parsed;
  std::istringstream lines(block);
  bool after_arrow = false;
  for (std::string line; std::getline(lines, line);) {
    if (after_arrow) {
      parsed.expected += line + "\n";
    } else if (line == "=>") {
      after_arrow = true;
    } else if (line.starts_with("#")) {
      parsed.remark += line + "\n";
    } else if (parsed.method.empty()) {
      parsed.method = line.substr(0, line.find(' '));
      parsed.target = line.substr(line.find(' ') + 1);
    } else if (line.starts_with("{") || line.starts_with("[")) {
      parsed.body = line;
    } else {
      parsed.headers.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 2));
    }
  }
  return parsed;
}

std::string Print(const Query& query) {
  std::string text = query.sql + "\n";
  for (size_t i = 0; i < query.parameters.size(); ++i) {
    text += "$" + std::to_string(i + 1) + " = " + query.parameters[i].value_or("NULL") + "\n";
  }
  return text;
}

std::string PrintError(const Error& error) { return "error " + error.ToString() + "\n"; }

std::string SqlOf(const Case& input) {
  const size_t question = std::min(input.target.find('?'), input.target.size());
  const std::string path = input.target.substr(0, question);
  const std::string query = question < input.target.size() ? input.target.substr(question + 1) : "";
  rest::RawRequest raw;
  raw.method = input.method;
  raw.path = path;
  raw.query = query;
  raw.body = input.body;
  raw.headers = [&](std::string_view name) {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : input.headers) {
      const bool same = std::equal(key.begin(), key.end(), name.begin(), name.end(),
                                   [](char a, char b) { return std::tolower(a) == std::tolower(b); });
      if (same) values.push_back(value);
    }
    return values;
  };
  rest::ParseOptions parse;
  parse.prefix = "/";
  auto request = rest::ParseRequest(raw, parse);
  if (!request) return PrintError(request.error());
  plan::PlanOptions options;
  options.aggregates_enabled = true;
  auto plan = plan::MakePlan(*request, plan::TestCatalog(), options, "anon");
  if (!plan) return PrintError(plan.error());
  const Statement statement = WriteStatement(*plan, request->payload, WriteOptions{false, !request->head});
  std::string text = plan::IsPointRead(*plan) ? "(point read) " : "";
  text += Print(statement.query);
  if (statement.estimate) text += Print(*statement.estimate);
  return text;
}

class PlanCases : public testing::TestWithParam<std::string> {};

TEST_P(PlanCases, BecomesTheRecordedSql) {
  const std::filesystem::path path = GetParam();
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::string rewritten;
  for (const std::string& block : SplitBlocks(text)) {
    const Case input = ParseCase(block);
    const std::string actual = SqlOf(input);
    EXPECT_EQ(actual, input.expected) << input.method << " " << input.target;
    const size_t arrow = block.find("\n=>");
    rewritten += block.substr(0, arrow) + "\n=>\n" + actual + "\n";
  }
  EXPECT_FALSE(rewritten.empty());
  if (std::getenv("PANDO_UPDATE_GOLDEN")) std::ofstream(path) << rewritten;
}

std::vector<std::string> CaseFiles() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(SourceFolder() / "test/data/plan")) {
    if (entry.path().extension() == ".case") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(Plan, PlanCases, testing::ValuesIn(CaseFiles()),
                         [](const auto& info) { return std::filesystem::path(info.param).stem().string(); });

}  // namespace
}  // namespace pando::sql
