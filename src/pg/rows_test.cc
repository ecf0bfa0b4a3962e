#include "pg/rows.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/byte_order.h"

namespace pando::pg {
namespace {

using Values = std::vector<std::optional<std::string_view>>;

std::shared_ptr<const RowColumns> Columns(int count) {
  auto columns = std::make_shared<RowColumns>();
  for (int i = 0; i < count; ++i) columns->push_back({"c" + std::to_string(i), 25, false});
  return columns;
}

// The body of a DataRow (PostgreSQL, 55.7).
std::string DataRow(const Values& values) {
  std::string body;
  AppendNumber(body, static_cast<uint16_t>(values.size()));
  for (const auto& value : values) {
    AppendNumber(body, value ? static_cast<int32_t>(value->size()) : int32_t{-1});
    if (value) body.append(*value);
  }
  return body;
}

TEST(RowsTest, ValuesComeBackOneByOneAndInARow) {
  const std::vector<Values> given = {{"1", std::nullopt, ""}, {"", "abc", std::nullopt}, {std::nullopt, "x", "yz"}};
  for (const bool as_messages : {true, false}) {
    RowsBuilder builder;
    builder.Begin(Columns(3));
    for (const Values& values : given) {
      if (as_messages) {
        ASSERT_TRUE(builder.AddMessage(DataRow(values)));
      } else {
        builder.Add(values);
      }
    }
    const Rows rows = builder.Take();
    ASSERT_EQ(rows.size(), 3);
    for (int row = 0; row < rows.size(); ++row) {
      RowValues walked(rows.Values(row));
      for (int column = 0; column < 3; ++column) {
        const auto& expected = given[static_cast<size_t>(row)][static_cast<size_t>(column)];
        EXPECT_EQ(rows.Get(row, column), expected);
        EXPECT_EQ(walked.Next(), expected);
      }
    }
  }
}

TEST(RowsTest, RowsOfNoColumnsAreCounted) {
  RowsBuilder builder;
  builder.Begin(nullptr);
  ASSERT_TRUE(builder.AddMessage(DataRow({})));
  ASSERT_TRUE(builder.AddMessage(DataRow({})));
  const Rows rows = builder.Take();
  EXPECT_EQ(rows.size(), 2);
  EXPECT_EQ(rows.Values(1), "");
}

TEST(RowsTest, AMessageThatIsNotARowIsRefused) {
  const std::string whole = DataRow({"ab", std::nullopt});
  RowsBuilder builder;
  builder.Begin(Columns(2));
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(builder.AddMessage(whole.substr(0, size))) << size;
  EXPECT_FALSE(builder.AddMessage(whole + '\0'));
  EXPECT_FALSE(builder.AddMessage(DataRow({"ab"})));
  EXPECT_FALSE(builder.AddMessage(DataRow({"ab", "c", "d"})));
  ASSERT_TRUE(builder.AddMessage(whole));
  EXPECT_EQ(builder.Take().size(), 1) << "what was refused left nothing behind";
}

}  // namespace
}  // namespace pando::pg
