#include "changes/assembler.h"

#include <gtest/gtest.h>

#include "changes/test_messages.h"

namespace pando::changes {
namespace {

class AssemblerTest : public testing::Test {
 protected:
  static AssemblerOptions Small() {
    AssemblerOptions options;
    options.changes_max = 3;
    options.message_prefix = "ours";
    return options;
  }

  // What the last of the messages ended, if it did.
  std::optional<Transaction> Feed(std::initializer_list<std::string> messages) {
    std::optional<Transaction> ended;
    for (const std::string& message : messages) {
      EXPECT_FALSE(ended) << "a transaction ended too early";
      Result<std::optional<Transaction>> fed = assembler_.Feed(message);
      EXPECT_TRUE(fed.has_value()) << fed.error().ToString();
      if (fed) ended = std::move(*fed);
    }
    return ended;
  }
  bool Refuses(const std::string& message) { return !assembler_.Feed(message).has_value(); }

  static std::string Ids(const Transaction& transaction) {
    std::string ids;
    for (const Change& change : transaction.changes) ids += change.after ? change.after->at(0).text : "-";
    return ids;
  }

  Assembler assembler_{Small()};
};

TEST_F(AssemblerTest, HandsOutATransactionAtItsCommit) {
  const auto ended = Feed(
      {BeginMessage(7), ItemsMessage(), InsertMessage({"1", "one"}), InsertMessage({"2", "\x01"}), CommitMessage(500)});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->xid, 7u);
  EXPECT_EQ(ended->commit_lsn, 500u);
  EXPECT_EQ(ended->end_lsn, 508u);
  ASSERT_EQ(ended->changes.size(), 2u);
  EXPECT_EQ(ended->changes[0].table->name, "items");
  EXPECT_EQ(ended->changes[0].after->at(1).text, "one");
  EXPECT_EQ(ended->changes[1].after->at(1).kind, Cell::Kind::kNull);
  EXPECT_EQ(assembler_.bytes(), 0u);
}

TEST_F(AssemblerTest, KnowsTablesOfEarlierTransactions) {
  Feed({BeginMessage(7), ItemsMessage(), CommitMessage()});
  const auto ended = Feed({BeginMessage(8), InsertMessage({"1", "one"}), CommitMessage()});
  EXPECT_EQ(ended->changes[0].table->columns[1].name, "name");
}

TEST_F(AssemblerTest, KeepsAStreamUntilItsCommitAndOthersInBetween) {
  EXPECT_FALSE(Feed({StreamStartMessage(7, true), Streamed(7, ItemsMessage()), Streamed(7, InsertMessage({"1", ""})),
                     StreamStopMessage()}));
  const auto between = Feed({BeginMessage(8), ItemsMessage(), InsertMessage({"9", ""}), CommitMessage()});
  EXPECT_EQ(Ids(*between), "9");
  EXPECT_EQ(assembler_.in_progress(), 1u);
  EXPECT_GT(assembler_.bytes(), 0u);
  const auto ended = Feed({StreamStartMessage(7, false), Streamed(12, InsertMessage({"2", ""})), StreamStopMessage(),
                           StreamCommitMessage(7)});
  EXPECT_EQ(ended->xid, 7u);
  EXPECT_EQ(Ids(*ended), "12");
  EXPECT_EQ(assembler_.bytes(), 0u);
}

TEST_F(AssemblerTest, ForgetsAStreamThatIsRolledBack) {
  Feed({StreamStartMessage(7, true), Streamed(7, ItemsMessage()), Streamed(7, InsertMessage({"1", ""})),
        StreamStopMessage(), StreamAbortMessage(7, 12)});
  EXPECT_EQ(assembler_.in_progress(), 1u) << "a subtransaction";
  Feed({StreamAbortMessage(7, 7)});
  EXPECT_EQ(assembler_.in_progress(), 0u);
  EXPECT_EQ(assembler_.bytes(), 0u);
  EXPECT_TRUE(Refuses(StreamCommitMessage(7)));
}

TEST_F(AssemblerTest, TheTableOfATransactionInProgressIsNobodyElses) {
  Feed({BeginMessage(6), ItemsMessage(), CommitMessage()});
  const std::string wider =
      Bytes('R').Int32(16400).Text("public").Text("items").Byte('f').Int16(1).Byte(1).Text("id").Int32(23).Int32(0);
  Feed({StreamStartMessage(7, true), Streamed(7, wider), Streamed(7, InsertMessage({"1"})), StreamStopMessage()});
  const auto other = Feed({BeginMessage(8), InsertMessage({"2", "two"}), CommitMessage()});
  EXPECT_EQ(other->changes[0].table->columns.size(), 2u);
  const auto ended = Feed({StreamCommitMessage(7)});
  EXPECT_EQ(ended->changes[0].table->identity, ReplicaIdentity::kFull);
  EXPECT_EQ(Ids(*Feed({BeginMessage(9), InsertMessage({"3"}), CommitMessage()})), "3") << "and then it is everybody's";
}

TEST_F(AssemblerTest, UnlistsATableWithTooManyChanges) {
  const std::string other =
      Bytes('R').Int32(17).Text("").Text("other").Byte('d').Int16(1).Byte(1).Text("id").Int32(23).Int32(0);
  const auto ended = Feed({BeginMessage(7), ItemsMessage(), other, InsertMessage({"1", ""}), InsertMessage({"5"}, 17),
                           InsertMessage({"2", ""}), InsertMessage({"3", ""}), InsertMessage({"4", ""}),
                           InsertMessage({"6", ""}), CommitMessage()});
  EXPECT_EQ(ended->unlisted, std::set<pgtypes::Oid>{16400});
  EXPECT_EQ(Ids(*ended), "5");
  EXPECT_EQ(ended->changes[0].table->schema, "pg_catalog");
  EXPECT_EQ(assembler_.bytes(), 0u);
}

TEST_F(AssemblerTest, UnlistsEverythingBeyondItsMemory) {
  AssemblerOptions options;
  options.bytes_max = 4000;
  Assembler small(options);
  const auto feed = [&](const std::string& message) {
    Result<std::optional<Transaction>> fed = small.Feed(message);
    EXPECT_TRUE(fed.has_value());
    EXPECT_LE(small.bytes(), 4000u);
    return fed ? std::move(*fed) : std::nullopt;
  };
  feed(StreamStartMessage(7, true));
  feed(Streamed(7, ItemsMessage()));
  for (int i = 0; i < 100; ++i) feed(Streamed(7, InsertMessage({"1", std::string(100, 'x')})));
  feed(StreamStopMessage());
  const auto ended = feed(StreamCommitMessage(7));
  EXPECT_EQ(ended->unlisted, std::set<pgtypes::Oid>{16400});
  EXPECT_TRUE(ended->changes.empty());
  EXPECT_EQ(small.bytes(), 0u);
}

TEST_F(AssemblerTest, KeepsItsOwnMessagesAlone) {
  const std::string ours = std::string(Bytes('M').Byte(1).Int64(9).Text("ours").Int32(1)) + "a";
  const std::string theirs = std::string(Bytes('M').Byte(1).Int64(9).Text("theirs").Int32(1)) + "b";
  const std::string outside = std::string(Bytes('M').Byte(0).Int64(9).Text("ours").Int32(1)) + "c";
  EXPECT_FALSE(Feed({outside}));
  const auto ended = Feed({BeginMessage(7), theirs, ours, outside, CommitMessage()});
  ASSERT_EQ(ended->messages.size(), 1u);
  EXPECT_EQ(ended->messages[0].content, "a");
}

TEST_F(AssemblerTest, ReportsTruncation) {
  const std::string truncate = Bytes('T').Int32(1).Byte(0).Int32(16400);
  const auto ended = Feed({BeginMessage(7), ItemsMessage(), truncate, CommitMessage()});
  EXPECT_EQ(ended->changes[0].kind, Change::Kind::kTruncate);
}

TEST_F(AssemblerTest, RefusesWhatDoesNotBelong) {
  EXPECT_TRUE(Refuses(CommitMessage()));
  EXPECT_TRUE(Refuses(StreamStopMessage()));
  EXPECT_TRUE(Refuses(InsertMessage({"1"})));
  EXPECT_TRUE(Refuses(StreamStartMessage(7, false))) << "a later piece of a stream that never began";
}

TEST_F(AssemblerTest, RefusesRowsOfAnotherShapeAndTablesThatWereNotDescribed) {
  Feed({BeginMessage(7), ItemsMessage()});
  EXPECT_TRUE(Refuses(BeginMessage(8)));
  EXPECT_TRUE(Refuses(InsertMessage({"1", "2", "3"})));
  EXPECT_TRUE(Refuses(InsertMessage({"1"}, 99)));
}

}  // namespace
}  // namespace pando::changes
