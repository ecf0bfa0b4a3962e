#include "pg/message.h"

#include <gtest/gtest.h>

#include <cstring>

#include "pg/test_server.h"

namespace pando::pg {
namespace {

using namespace std::string_literals;

void Fill(Inbox& inbox, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> free = inbox.Space();
    const size_t taken = std::min(free.size(), bytes.size());
    std::memcpy(free.data(), bytes.data(), taken);
    inbox.MarkFilled(taken);
    bytes.remove_prefix(taken);
  }
}

TEST(OutboxTest, WritesMessagesAsTheProtocolHasThem) {
  Outbox out;
  out.Parse("s1", "select $1");
  out.DescribeStatement("s1");
  out.Bind("s1", {std::string("ab"), std::nullopt}, nullptr);
  out.DescribePortal();
  out.Execute();
  out.Sync();
  EXPECT_EQ(out.unsent(),
            "P\0\0\0\x13s1\0select $1\0\0\0"
            "D\0\0\0\x08Ss1\0"
            "B\0\0\0\x18\0s1\0\0\0\0\2\0\0\0\2ab\xff\xff\xff\xff\0\0"
            "D\0\0\0\x06P\0"
            "E\0\0\0\x09\0\0\0\0\0"
            "S\0\0\0\x04"s);
}

TEST(OutboxTest, AsksForSomeColumnsInBinary) {
  const RowColumns columns = {{"a", 25, false}, {"b", 1184, true}};
  Outbox out;
  out.Bind("", {}, &columns);
  EXPECT_EQ(out.unsent(), "B\0\0\0\x10\0\0\0\0\0\0\0\2\0\0\0\1"s);
  Outbox plain;
  const RowColumns text = {{"a", 25, false}};
  plain.Bind("", {}, &text);
  EXPECT_EQ(plain.unsent(), "B\0\0\0\x0c\0\0\0\0\0\0\0\0"s);
}

TEST(OutboxTest, KeepsWhatWasNotSent) {
  Outbox out;
  out.Query("x");
  out.MarkSent(3);
  out.Sync();
  EXPECT_EQ(out.unsent(), "\0\6x\0S\0\0\0\4"s);
  out.MarkSent(out.unsent().size());
  EXPECT_EQ(out.unsent(), "");
}

TEST(InboxTest, GivesMessagesWhereverTheyWereCut) {
  const std::string bytes = MessageOf('1') + MessageOf('D', "row") + MessageOf('Z', "I");
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    Inbox inbox;
    std::string seen;
    for (const std::string_view part : {std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)}) {
      Fill(inbox, part);
      while (const auto message = inbox.Next()) (seen += message->type) += message->body;
    }
    EXPECT_EQ(seen, "1DrowZI") << cut;
  }
}

TEST(InboxTest, GrowsWithLargeMessagesAndGivesTheRoomBack) {
  Inbox inbox;
  const std::string large(5 << 20, 'x');
  Fill(inbox, MessageOf('D', large) + MessageOf('Z', "I"));
  EXPECT_EQ(inbox.Next()->body, large);
  EXPECT_EQ(inbox.Next()->type, 'Z');
  EXPECT_LT(inbox.Space().size(), size_t{1} << 20);
}

TEST(InboxTest, KnowsHowLongAMessageWillBeAndMakesRoomForItOnce) {
  Inbox inbox;
  const std::string message = MessageOf('D', std::string(5 << 20, 'x'));
  Fill(inbox, std::string_view(message).substr(0, 3));
  EXPECT_EQ(inbox.message_bytes(), 3u);
  Fill(inbox, std::string_view(message).substr(3, 7));
  EXPECT_EQ(inbox.message_bytes(), message.size());
  inbox.Reserve();
  EXPECT_GE(inbox.Space().size(), message.size() - 10);
  EXPECT_LT(inbox.Space().size(), message.size() + (64 << 10));
  const char* const place = inbox.Space().data();
  Fill(inbox, std::string_view(message).substr(10));
  EXPECT_EQ(inbox.Next()->body.data() + 5, place) << "what had come was copied";
}

TEST(InboxTest, RefusesLengthsThatNoMessageHas) {
  for (const std::string& bytes : {"D\0\0\0\3"s, "D\0\0\0\0"s, "D\xff\xff\xff\xff"s, "D\x7f\xff\xff\xff"s}) {
    Inbox inbox;
    Fill(inbox, bytes);
    EXPECT_FALSE(inbox.Next());
    EXPECT_TRUE(inbox.broken());
  }
}

TEST(MessageTest, ReadsTheFieldsOfErrors) {
  const std::string message = ErrorMessage("ERROR", "23505", "f");
  const ErrorFields fields = ReadErrorFields(std::string_view(message).substr(5));
  EXPECT_EQ(fields.severity, "ERROR");
  EXPECT_EQ(fields.sqlstate, "23505");
  EXPECT_EQ(fields.message, "no luck");
  EXPECT_EQ(fields.detail, "the detail");
  EXPECT_EQ(fields.hint, "the hint");
  EXPECT_EQ(fields.routine, "f");
  EXPECT_EQ(fields.position, "");
  EXPECT_EQ(ReadErrorFields("C2350").sqlstate, "") << "not ended";
}

TEST(MessageTest, ReadsColumns) {
  const std::string message = ColumnsMessage({{"id", 23}, {"ä", 25}});
  const auto columns = ReadColumns(std::string_view(message).substr(5));
  ASSERT_TRUE(columns);
  ASSERT_EQ(columns->size(), 2u);
  EXPECT_EQ(columns->at(1).name, "ä");
  EXPECT_EQ(columns->at(1).type, 25u);
  EXPECT_FALSE(columns->at(1).binary);
}

TEST(MessageTest, RefusesColumnsThatAreCutOrHaveMoreBehindThem) {
  const std::string message = ColumnsMessage({{"id", 23}, {"b", 25}});
  const std::string_view body = std::string_view(message).substr(5);
  for (size_t size = 0; size < body.size(); ++size) EXPECT_FALSE(ReadColumns(body.substr(0, size))) << size;
  EXPECT_FALSE(ReadColumns(std::string(body) + "x"));
}

TEST(MessageTest, ReadsHowManyRowsWereTouched) {
  EXPECT_EQ(ReadAffected("INSERT 0 5\0"s), 5);
  EXPECT_EQ(ReadAffected("UPDATE 17\0"s), 17);
  EXPECT_EQ(ReadAffected("CREATE TABLE\0"s), 0);
  EXPECT_EQ(ReadAffected("BEGIN\0"s), 0);
  EXPECT_EQ(ReadAffected(""), 0);
}

}  // namespace
}  // namespace pando::pg
