#include "serve/row_printer.h"

#include <gtest/gtest.h>

#include "pgtypes/oid.h"
#include "serve/test_rows.h"

namespace pando::serve {
namespace {

namespace oid = pgtypes::oid;

TEST(RowPrinterTest, PrintsRowsAsAListOrAsOneObject) {
  RowPrinter printer;
  const pg::Rows rows = MakeRows({{"id", oid::kInt4}, {"na\"me", oid::kText}}, {{"1", "o\"ne"}, {"2", nullptr}});
  EXPECT_EQ(printer.Print(rows, false, nullptr),
            "[{\"id\":1,\"na\\\"me\":\"o\\\"ne\"}, \n {\"id\":2,\"na\\\"me\":null}]");
  EXPECT_EQ(printer.Print(MakeRows({{"id", oid::kInt4}}, {{"1"}}), true, nullptr), "{\"id\":1}");
  EXPECT_EQ(printer.Print(MakeRows({{"id", oid::kInt4}}, {}), false, nullptr), "[]");
  EXPECT_EQ(printer.Print(MakeRows({{"x", oid::kTextArray}}, {{"{}"}}), false, nullptr), std::nullopt);
}

TEST(RowPrinterTest, PrintsMoreThanItKeepsRoomFor) {
  RowPrinter printer;
  const std::string text(200'000, 'x');
  for (int again = 0; again < 2; ++again) {
    const auto printed = printer.Print(MakeRows({{"a", oid::kText}}, {{text.c_str()}, {text.c_str()}}), false, nullptr);
    ASSERT_TRUE(printed);
    EXPECT_EQ(*printed, "[{\"a\":\"" + text + "\"}, \n {\"a\":\"" + text + "\"}]");
  }
}

// Room is made for the longest that a row can become: every byte of it escaped.
TEST(RowPrinterTest, PrintsRowsOfEscapesOfEverySize) {
  for (const size_t size : std::initializer_list<size_t>{1, 100, 500, 1000, 1015, 1016, 1017, 1100, 5000}) {
    RowPrinter printer;
    const std::string text(size, '\x01');
    std::string escaped;
    for (size_t i = 0; i < size; ++i) escaped += "\\u0001";
    const auto printed = printer.Print(
        MakeRows({{"a", oid::kText}, {"b", oid::kInt4}, {"c", oid::kText}}, {{text.c_str(), nullptr, "c"}}), true,
        nullptr);
    EXPECT_EQ(printed, "{\"a\":\"" + escaped + "\",\"b\":null,\"c\":\"c\"}");
  }
}

// The columns of `*` are those of the moment.
TEST(RowPrinterTest, PrintsDatesThatComeInBinary) {
  pg::RowsBuilder builder;
  builder.Begin(
      std::make_shared<pg::RowColumns>(pg::RowColumns{{"day", oid::kDate, true}, {"text", oid::kText, false}}));
  using Values = std::vector<std::optional<std::string_view>>;
  builder.Add(Values{std::string_view("\0\0\0\1", 4), "a"});
  builder.Add(Values{std::nullopt, "b"});
  const pg::Rows rows = builder.Take();
  RowPrinter printer;
  EXPECT_EQ(printer.Print(rows, false, nullptr),
            "[{\"day\":\"2000-01-02\",\"text\":\"a\"}, \n {\"day\":null,\"text\":\"b\"}]");
}

TEST(RowPrinterTest, TheColumnsOfAStatementMayChange) {
  RowPrinter printer;
  RowKeys keys;
  EXPECT_EQ(printer.Print(MakeRows({{"id", oid::kInt4}}, {{"1"}}), false, &keys), "[{\"id\":1}]");
  EXPECT_EQ(printer.Print(MakeRows({{"id", oid::kInt4}, {"a", oid::kInt4}}, {{"1", "2"}}), false, &keys),
            "[{\"id\":1,\"a\":2}]");
  EXPECT_EQ(printer.Print(MakeRows({{"id", oid::kInt4}, {"b", oid::kInt4}}, {{"1", "2"}}), false, &keys),
            "[{\"id\":1,\"b\":2}]");
}

}  // namespace
}  // namespace pando::serve
