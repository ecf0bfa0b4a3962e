#include "bench/row_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "bench/row_values.h"

namespace pando::bench {
namespace {

using testing::HasSubstr;

ColumnShape Column(const std::string& name, const std::string& type, bool not_null = true) {
  ColumnShape column;
  column.name = name;
  column.type = type;
  column.not_null = not_null;
  return column;
}

// Parents whose keys are p0, p1, ...
ParentKeys Parents(uint64_t count) {
  ParentKeys keys;
  keys.count = count;
  keys.at = [](uint64_t index) { return std::vector<std::string>{"p" + std::to_string(index)}; };
  return keys;
}

TableShape Items() {
  TableShape table;
  table.name = "items";
  table.columns = {Column("id", "int8"), Column("name", "text"), Column("price", "numeric"),
                   Column("made_at", "timestamptz"), Column("note", "text", false)};
  table.unique_keys = {{0}};
  return table;
}

std::vector<std::vector<std::string>> RowsOf(const TableShape& table, uint64_t rows,
                                             std::vector<ParentKeys> parents = {}, uint64_t seed = 1) {
  Result<RowMaker> maker = RowMaker::Make(table, std::move(parents), rows, seed);
  EXPECT_TRUE(maker.has_value());
  std::string text;
  while (maker->Append(text)) {
  }
  std::vector<std::vector<std::string>> parsed;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    parsed.emplace_back();
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, '\t');) parsed.back().push_back(field);
  }
  return parsed;
}

TEST(RowMakerTest, WritesARowForEachIndex) {
  const auto rows = RowsOf(Items(), 1000);
  ASSERT_EQ(rows.size(), 1000u);
  size_t nulls = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].size(), 5u);
    EXPECT_EQ(rows[i][0], std::to_string(i + 1));
    EXPECT_FALSE(rows[i][1].empty());
    EXPECT_GT(std::stod(rows[i][2]), 0);
    nulls += rows[i][4] == "\\N";
  }
  EXPECT_GT(nulls, 50u);
  EXPECT_LT(nulls, 200u);
  EXPECT_LT(rows[0][3], rows[999][3]);
}

TEST(RowMakerTest, TheSeedDecidesOnEveryRow) {
  EXPECT_EQ(RowsOf(Items(), 50, {}, 3), RowsOf(Items(), 50, {}, 3));
  EXPECT_NE(RowsOf(Items(), 50, {}, 3), RowsOf(Items(), 50, {}, 4));
}

TEST(RowMakerTest, AFewParentsHaveManyChildren) {
  TableShape orders = Items();
  orders.columns.push_back(Column("customer_id", "text"));
  orders.foreign_keys = {{{5}, "customers", {"id"}}};
  std::map<std::string, int> children;
  for (const auto& row : RowsOf(orders, 20'000, {Parents(1000)})) ++children[row[5]];
  int most = 0;
  for (const auto& [parent, count] : children) most = std::max(most, count);
  EXPECT_GT(children.size(), 800u);
  EXPECT_GT(most, 500);
}

TEST(RowMakerTest, CombinationsOfParentsDiffer) {
  TableShape table;
  table.name = "likes";
  table.columns = {Column("user_id", "text"), Column("post_id", "text")};
  table.unique_keys = {{0, 1}};
  table.foreign_keys = {{{0}, "users", {"id"}}, {{1}, "posts", {"id"}}};
  std::set<std::vector<std::string>> seen;
  const auto rows = RowsOf(table, 1000, {Parents(40), Parents(50)});
  for (const auto& row : rows) seen.insert(row);
  EXPECT_EQ(rows.size(), 1000u);
  EXPECT_EQ(seen.size(), rows.size());
  // Half of what is possible is as far as it goes.
  EXPECT_LE(RowsOf(table, 1000, {Parents(4), Parents(5)}).size(), 10u);
}

TEST(RowMakerTest, EachParentHasOneRowWhereTheColumnIsUnique) {
  TableShape table;
  table.name = "profiles";
  table.columns = {Column("user_id", "text")};
  table.unique_keys = {{0}};
  table.foreign_keys = {{{0}, "users", {"id"}}};
  std::set<std::string> seen;
  for (const auto& row : RowsOf(table, 1000, {Parents(70)})) EXPECT_TRUE(seen.insert(row[0]).second);
  EXPECT_EQ(seen.size(), 70u);
}

TEST(RowMakerTest, ALineOfAnOrderHasItsParentAndANumber) {
  TableShape table;
  table.name = "lines";
  table.columns = {Column("order_id", "text"), Column("line", "int4")};
  table.unique_keys = {{0, 1}};
  table.foreign_keys = {{{0}, "orders", {"id"}}};
  std::set<std::vector<std::string>> seen;
  for (const auto& row : RowsOf(table, 500, {Parents(5)})) seen.insert(row);
  EXPECT_EQ(seen.size(), 500u);
}

TEST(RowMakerTest, KeysEndWhereTheirTypeDoes) {
  TableShape table = Items();
  table.columns[0].type = "int2";
  EXPECT_EQ(RowsOf(table, 100'000).size(), 32'767u);
  table.columns[0].type = "varchar";
  table.columns[0].length_max = 2;
  EXPECT_EQ(RowsOf(table, 100'000).size(), 36u * 36u);
}

TEST(RowMakerTest, WhatCannotBeMadeIsNullOrDefaultOrAnError) {
  TableShape table = Items();
  table.columns.push_back(Column("shape", "polygon", false));
  EXPECT_EQ(RowsOf(table, 1)[0][5], "\\N");
  table.columns[5].not_null = true;
  table.columns[5].has_default = true;
  EXPECT_EQ(RowsOf(table, 1)[0].size(), 5u);
  table.columns[5].has_default = false;
  const auto made = RowMaker::Make(table, {}, 1, 1);
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().ToString(), HasSubstr("items.shape"));
}

TEST(RowMakerTest, AParentThatIsNeededMustHaveRows) {
  TableShape orders = Items();
  orders.columns.push_back(Column("customer_id", "text", false));
  orders.foreign_keys = {{{5}, "customers", {"id"}}};
  EXPECT_EQ(RowsOf(orders, 1, {Parents(0)})[0][5], "\\N");
  orders.columns[5].not_null = true;
  EXPECT_FALSE(RowMaker::Make(orders, {Parents(0)}, 1, 1).has_value());
}

TEST(RowValuesTest, EveryTypeHasValuesThatFit) {
  Random random(1);
  for (const char* type : {"int2",    "int4",   "int8",  "numeric", "float4",    "float8",      "bool", "text",
                           "varchar", "bpchar", "uuid",  "date",    "timestamp", "timestamptz", "time", "interval",
                           "json",    "jsonb",  "bytea", "inet",    "point",     "_text",       "_int4"}) {
    ColumnShape column = Column("thing", type);
    column.length_max = 5;
    for (uint64_t i = 0; i < 100; ++i) {
      std::string value;
      EXPECT_TRUE(AppendValue(value, column, i, 100, random)) << type;
      EXPECT_FALSE(value.empty()) << type;
      EXPECT_EQ(value.find_first_of("\t\n"), std::string::npos) << type;
      EXPECT_TRUE(column.type != "varchar" || value.size() <= 5) << value;
    }
  }
}

TEST(RowValuesTest, KeysDifferAndRepeat) {
  for (const char* type : {"int4", "int8", "text", "uuid", "date", "timestamptz", "numeric"}) {
    std::set<std::string> seen;
    for (uint64_t i = 0; i < 1000; ++i) {
      std::string value, again;
      EXPECT_TRUE(AppendKey(value, Column("code", type), i, 7)) << type;
      AppendKey(again, Column("code", type), i, 7);
      EXPECT_EQ(value, again);
      EXPECT_TRUE(seen.insert(value).second) << type << " " << value;
    }
  }
}

TEST(RowValuesTest, ChoicesAreKeptTo) {
  ColumnShape column = Column("status", "text");
  column.choices = {"new", "old"};
  Random random(1);
  for (uint64_t i = 0; i < 50; ++i) {
    std::string value;
    AppendValue(value, column, i, 50, random);
    EXPECT_TRUE(value == "new" || value == "old") << value;
  }
}

TEST(RowValuesTest, WhatCopyWouldTakeApartIsEscaped) {
  std::string out;
  AppendEscaped(out, "a\tb\\c\nd\re");
  EXPECT_EQ(out, "a\\tb\\\\c\\nd\\re");
}

TEST(RowValuesTest, DaysAreThoseOfTheCalendar) {
  for (const auto& [index, day] : std::map<uint64_t, std::string>{
           {0, "2024-01-01"}, {59, "2024-02-29"}, {60, "2024-03-01"}, {366, "2025-01-01"}, {366 + 365, "2026-01-01"}}) {
    std::string value;
    AppendKey(value, Column("day", "date"), index, 0);
    EXPECT_EQ(value, day);
  }
}

}  // namespace
}  // namespace pando::bench
