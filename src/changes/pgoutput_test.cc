#include "changes/pgoutput.h"

#include <gtest/gtest.h>

#include "changes/test_messages.h"

namespace pando::changes {
namespace {

template <class T>
T Read(const std::string& bytes, bool in_stream = false) {
  Result<Message> message = ReadMessage(bytes, in_stream);
  EXPECT_TRUE(message.has_value()) << message.error().ToString();
  if (!message || !std::holds_alternative<T>(*message)) {
    ADD_FAILURE() << "another message";
    return T{};
  }
  return std::get<T>(*message);
}

std::string Show(const Tuple& tuple) {
  std::string shown;
  for (const Cell& cell : tuple) {
    if (!shown.empty()) shown += ' ';
    shown += cell.kind == Cell::Kind::kNull        ? "NULL"
             : cell.kind == Cell::Kind::kUnchanged ? "unchanged"
                                                   : std::string(cell.text);
  }
  return shown;
}

TEST(PgoutputTest, ReadsTheFrameOfATransaction) {
  const auto begin = Read<message::Begin>(BeginMessage(77, 0x1234567890));
  EXPECT_EQ(begin.xid, 77u);
  EXPECT_EQ(begin.final_lsn, 0x1234567890u);
  const auto commit = Read<message::Commit>(CommitMessage(500));
  EXPECT_EQ(commit.commit_lsn, 500u);
  EXPECT_EQ(commit.end_lsn, 508u);
  EXPECT_EQ(commit.commit_us, 7);
}

TEST(PgoutputTest, ReadsATable) {
  const std::string bytes = ItemsMessage();
  const auto relation = Read<message::Relation>(bytes);
  EXPECT_EQ(relation.relation, 16400u);
  EXPECT_EQ(relation.schema, "public");
  EXPECT_EQ(relation.name, "items");
  EXPECT_EQ(relation.identity, ReplicaIdentity::kDefault);
  ASSERT_EQ(relation.columns.size(), 2u);
  EXPECT_TRUE(relation.columns[0].in_identity);
  EXPECT_FALSE(relation.columns[1].in_identity);
  EXPECT_EQ(relation.columns[1].name, "name");
  EXPECT_EQ(relation.columns[1].type, 25u);
}

TEST(PgoutputTest, ReadsRowsBeforeAndAfter) {
  const std::string insert = InsertMessage({"1", "a\xc3\xa9", "\x01", "\x02", ""});
  EXPECT_EQ(Show(Read<message::Insert>(insert).after), "1 a\xc3\xa9 NULL unchanged ");

  const std::string plain = Bytes('U').Int32(5).Byte('N').Tuple({"2"});
  EXPECT_FALSE(Read<message::Update>(plain).before);
  EXPECT_EQ(Show(Read<message::Update>(plain).after), "2");

  const std::string key = Bytes('U').Int32(5).Byte('K').Tuple({"1"}).Byte('N').Tuple({"2"});
  EXPECT_TRUE(Read<message::Update>(key).before_is_key);
  EXPECT_EQ(Show(*Read<message::Update>(key).before), "1");

  const std::string full = Bytes('U').Int32(5).Byte('O').Tuple({"1"}).Byte('N').Tuple({"2"});
  EXPECT_FALSE(Read<message::Update>(full).before_is_key);
  EXPECT_EQ(Show(*Read<message::Update>(full).before), "1");

  const std::string deleted = Bytes('D').Int32(5).Byte('K').Tuple({"1", "\x01"});
  EXPECT_EQ(Show(Read<message::Delete>(deleted).before), "1 NULL");
}

TEST(PgoutputTest, ReadsTruncateAndMessages) {
  const std::string truncate = Bytes('T').Int32(2).Byte(1).Int32(5).Int32(6);
  EXPECT_EQ(Read<message::Truncate>(truncate).relations, (std::vector<pgtypes::Oid>{5, 6}));
  const std::string logical = std::string(Bytes('M').Byte(1).Int64(9).Text("prefix").Int32(3)) + "abc";
  EXPECT_TRUE(Read<message::Logical>(logical).transactional);
  EXPECT_EQ(Read<message::Logical>(logical).prefix, "prefix");
  EXPECT_EQ(Read<message::Logical>(logical).content, "abc");
  const std::string origin = Bytes('O').Int64(9).Text("elsewhere"),
                    type = Bytes('Y').Int32(5).Text("public").Text("kind");
  Read<message::Other>(origin);
  Read<message::Other>(type);
}

TEST(PgoutputTest, ReadsAStream) {
  EXPECT_TRUE(Read<message::StreamStart>(StreamStartMessage(7, true)).first);
  Read<message::StreamStop>(StreamStopMessage(), true);
  EXPECT_EQ(Read<message::StreamCommit>(StreamCommitMessage(7)).xid, 7u);
  EXPECT_EQ(Read<message::StreamCommit>(StreamCommitMessage(7)).commit.end_lsn, 108u);
  EXPECT_EQ(Read<message::StreamAbort>(StreamAbortMessage(7, 9)).aborted, 9u);
  const std::string streamed = Streamed(8, InsertMessage({"1"}));
  EXPECT_EQ(Show(Read<message::Insert>(streamed, true).after), "1");
}

TEST(PgoutputTest, RefusesWhatIsCutShortOrTooLong) {
  for (const std::string& message :
       {BeginMessage(7), CommitMessage(), ItemsMessage(), InsertMessage({"1", "two"}),
        std::string(Bytes('U').Int32(5).Byte('K').Tuple({"1"}).Byte('N').Tuple({"2"})),
        std::string(Bytes('T').Int32(2).Byte(1).Int32(5).Int32(6)), StreamCommitMessage(7)}) {
    for (size_t length = 0; length < message.size(); ++length) {
      EXPECT_FALSE(ReadMessage(message.substr(0, length), false)) << message[0] << ' ' << length;
    }
    EXPECT_FALSE(ReadMessage(message + "x", false)) << message[0];
  }
}

TEST(PgoutputTest, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(ReadMessage("Z", false));
  EXPECT_FALSE(ReadMessage(std::string(Bytes('I').Int32(5).Byte('X').Tuple({"1"})), false));
  EXPECT_FALSE(ReadMessage(std::string(Bytes('D').Int32(5).Byte('N').Tuple({"1"})), false));
  // Announces more than there is room for in any machine.
  EXPECT_FALSE(ReadMessage(std::string(Bytes('T').Int32(0xffffffff).Byte(0)), false));
  EXPECT_FALSE(ReadMessage(std::string(Bytes('I').Int32(5).Byte('N').Int16(0xffff)), false));
}

}  // namespace
}  // namespace pando::changes
