#include "pg/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/byte_order.h"
#include "pg/test_server.h"
#include "pgtypes/oid.h"

namespace pando::pg {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
namespace oid = pgtypes::oid;

const std::string kPrepared = MessageOf('1') + MessageOf('t', "\0\0"s);
const std::string kBound = MessageOf('2');

class PipelineTest : public testing::Test {
 protected:
  void Ask(std::vector<std::string> statements) {
    pipeline_.Reset(server_.wire());
    for (std::string& sql : statements) pipeline_.Add(Command{std::move(sql)}, Duty::kAnswer);
    pipeline_.Sync(Duty::kSupport);
    heard_ = server_.Hear();
  }
  bool Say(const std::string& bytes) {
    server_.Say(bytes);
    return pipeline_.Read(server_.wire());
  }

  TestServer server_;
  StatementCache statements_{100};
  Pipeline pipeline_{statements_, true};
  std::string heard_;
};

TEST_F(PipelineTest, DescribesAStatementOnceAndReadsItsRowsEachTime) {
  Ask({"select a"});
  EXPECT_EQ(TypesOf(heard_), "PDBES");
  ASSERT_TRUE(Say(kPrepared + ColumnsMessage({{"a", oid::kText}}) + kBound + RowMessage({"x"}) + RowMessage({{}}) +
                  DoneMessage("SELECT 2") + ReadyMessage()));
  EXPECT_FALSE(pipeline_.error());
  std::vector<Rows> rows = pipeline_.TakeRows();
  ASSERT_EQ(rows.size(), 1u);
  ASSERT_EQ(rows[0].size(), 2);
  EXPECT_EQ(rows[0].column_name(0), "a");
  EXPECT_EQ(rows[0].Text(0, 0), "x");
  EXPECT_FALSE(rows[0].Get(1, 0));

  Ask({"select a", "select a"});
  EXPECT_EQ(TypesOf(heard_), "BEBES");
  ASSERT_TRUE(
      Say(kBound + RowMessage({"y"}) + DoneMessage("SELECT 1") + kBound + DoneMessage("SELECT 0") + ReadyMessage()));
  rows = pipeline_.TakeRows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].Text(0, 0), "y");
  EXPECT_EQ(rows[1].size(), 0);
  EXPECT_EQ(rows[1].columns(), 1);
}

TEST_F(PipelineTest, ReadsTheSameHoweverTheBytesArrive) {
  Ask({"select a", "update b"});
  const std::string answer = kPrepared + ColumnsMessage({{"a", oid::kText}}) + kBound + RowMessage({"x"}) +
                             DoneMessage("SELECT 1") + MessageOf('N', "noise") + kPrepared + MessageOf('n') + kBound +
                             DoneMessage("UPDATE 3") + ReadyMessage('T');
  for (size_t i = 0; i + 1 < answer.size(); ++i) ASSERT_FALSE(Say(answer.substr(i, 1))) << i;
  ASSERT_TRUE(Say(answer.substr(answer.size() - 1)));
  std::vector<Rows> rows = pipeline_.TakeRows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].Text(0, 0), "x");
  EXPECT_EQ(rows[1].affected(), 3);
  EXPECT_EQ(rows[1].columns(), 0);
  EXPECT_TRUE(server_.wire().in_transaction());
}

TEST_F(PipelineTest, HandsRowsOutAsTheyCome) {
  std::vector<std::pair<size_t, size_t>> came;
  const OnRows on_rows = [&](size_t first, std::vector<Rows> rows) { came.emplace_back(first, rows.size()); };
  pipeline_.Reset(server_.wire(), &on_rows);
  for (int i = 0; i < 3; ++i) pipeline_.Add(Command{"select a"}, Duty::kAnswer);
  pipeline_.Sync(Duty::kSupport);
  const std::string done = kBound + DoneMessage("SELECT 0");
  EXPECT_FALSE(Say(kPrepared + ColumnsMessage({{"a", oid::kText}}) + done + done));
  EXPECT_FALSE(Say(done));
  EXPECT_TRUE(Say(ReadyMessage()));
  EXPECT_THAT(came, testing::ElementsAre(std::pair(0u, 2u), std::pair(2u, 1u)));
}

TEST_F(PipelineTest, AFailureTakesTheRestOfItsSegmentWithIt) {
  Ask({"select a", "select b", "select c"});
  ASSERT_TRUE(Say(kPrepared + ColumnsMessage({{"a", oid::kText}}) + kBound + DoneMessage("SELECT 0") +
                  ErrorMessage("ERROR", "42P01") + ReadyMessage()));
  EXPECT_EQ(pipeline_.error()->sqlstate(), "42P01");
  EXPECT_EQ(pipeline_.error()->hint(), "the hint");
  EXPECT_EQ(pipeline_.answered(), 1u);
  EXPECT_FALSE(pipeline_.connection_ended());
  EXPECT_EQ(statements_.size(), 1u) << "b and c are not prepared";
  Ask({"select a", "select b"});
  EXPECT_EQ(TypesOf(heard_), "BEPDBES");
}

TEST_F(PipelineTest, ACommitMayFail) {
  Ask({"select a"});
  EXPECT_TRUE(Say(kPrepared + MessageOf('n') + kBound + DoneMessage("INSERT 0 1") + ErrorMessage("ERROR", "23503") +
                  ReadyMessage()));
  EXPECT_EQ(pipeline_.error()->sqlstate(), "23503");
}

TEST_F(PipelineTest, PreparesAgainWhatTheServerDoesNotKnowOrWhatHasOtherColumns) {
  for (const auto& [sqlstate, routine] : {std::pair("26000", "x"), {"0A000", "RevalidateCachedQuery"}}) {
    Ask({"select a"});
    Say(kPrepared + ColumnsMessage({{"a", oid::kText}}) + kBound + DoneMessage("SELECT 0") + ReadyMessage());
    Ask({"select a"});
    ASSERT_TRUE(Say(ErrorMessage("ERROR", sqlstate, routine) + ReadyMessage()));
    EXPECT_TRUE(pipeline_.DropStaleStatement());
    EXPECT_EQ(statements_.size(), 0u);
    statements_.TakeRetired();
  }
  Ask({"select a"});
  Say(kPrepared + ColumnsMessage({{"a", oid::kText}}) + ErrorMessage("ERROR", "0A000", "elsewhere") + ReadyMessage());
  EXPECT_FALSE(pipeline_.DropStaleStatement());
}

TEST_F(PipelineTest, AFatalErrorEndsTheConnection) {
  Ask({"select a"});
  EXPECT_TRUE(Say(kPrepared + ErrorMessage("FATAL", "57P01")));
  EXPECT_TRUE(pipeline_.connection_ended());
  EXPECT_EQ(pipeline_.error()->sqlstate(), "57P01");
}

TEST_F(PipelineTest, EndsTheConnectionOnWhatItCannotFollow) {
  const std::string columns = ColumnsMessage({{"a", oid::kText}, {"b", oid::kText}});
  for (const std::string& bytes :
       {MessageOf('?'), RowMessage({"x"}), DoneMessage("SELECT 1"), ReadyMessage(), MessageOf('G', "x"), "D\0\0\0\0"s,
        kPrepared + MessageOf('T', "x"), kPrepared + columns + kBound + RowMessage({"x"}),
        kPrepared + columns + kBound + MessageOf('D', "\0\2\0\0\0\4"s),
        kPrepared + columns + kBound + MessageOf('D', "\0\2\xff\xff\xff\xff\0\0\0\1xy"s)}) {
    TestServer server;
    StatementCache statements(10);
    Pipeline pipeline(statements, true);
    pipeline.Reset(server.wire());
    pipeline.Add(Command{"select a"}, Duty::kAnswer);
    pipeline.Sync(Duty::kSupport);
    server.Say(bytes);
    EXPECT_TRUE(pipeline.Read(server.wire())) << bytes;
    EXPECT_TRUE(pipeline.connection_ended()) << bytes;
    EXPECT_EQ(pipeline.error()->id(), ErrorId::kProtocol) << bytes;
  }
}

TEST_F(PipelineTest, AsksForTimesInBinaryOnceItKnowsTheColumnsAndTheZone) {
  const auto ask = [&] {
    pipeline_.Reset(server_.wire());
    Command command{"select a, b"};
    command.binary_times = true;
    pipeline_.Add(command, Duty::kAnswer);
    pipeline_.Sync(Duty::kSupport);
  };
  const auto formats = [&](const std::string& values) {
    server_.Hear();
    ask();
    std::string row = MessageOf('D', "\0\2"s + values);
    EXPECT_TRUE(Say(kBound + row + DoneMessage("SELECT 1") + ReadyMessage()));
    std::vector<Rows> rows = pipeline_.TakeRows();
    return std::string(rows.at(0).column(0).binary ? "b" : "t") + (rows.at(0).column(1).binary ? "b" : "t");
  };
  const std::string nulls = "\xff\xff\xff\xff\xff\xff\xff\xff";
  ask();
  ASSERT_TRUE(Say(kPrepared + ColumnsMessage({{"a", oid::kTimestamptz}, {"b", oid::kDate}}) + kBound +
                  DoneMessage("SELECT 0") + ReadyMessage()));
  EXPECT_FALSE(pipeline_.TakeRows().at(0).column(1).binary);
  EXPECT_EQ(formats(nulls), "tb") << "the zone is not known";
  server_.Say(SettingMessage("TimeZone", "Etc/UTC"));
  EXPECT_FALSE(server_.wire().Next());
  EXPECT_EQ(formats(nulls), "bb");
  server_.Say(SettingMessage("TimeZone", "Europe/Berlin"));
  EXPECT_FALSE(server_.wire().Next());
  EXPECT_EQ(formats(nulls), "tb");
}

TEST_F(PipelineTest, AnswersToScriptsAreDroppedAndErrorsHaveTheirLine) {
  const std::string script = "select 1;\nselect ä;\nfail";
  ScriptReader reader(script);
  server_.Say(ColumnsMessage({{"a", oid::kText}}) + RowMessage({"1"}) + DoneMessage("SELECT 1"));
  EXPECT_FALSE(reader.Read(server_.wire()));
  server_.Say(MessageOf('E', "SERROR\0VERROR\0C42601\0Mno\0P21\0\0"s) + ReadyMessage());
  EXPECT_TRUE(reader.Read(server_.wire()));
  EXPECT_EQ(reader.error()->detail(), "at line 3");
}

TEST_F(PipelineTest, AScriptCannotCopy) {
  ScriptReader in("copy t from stdin");
  server_.Say(MessageOf('G', "\0\0\0"s));
  EXPECT_FALSE(in.Read(server_.wire()));
  EXPECT_EQ(TypesOf(server_.Hear()), "f");
  ScriptReader out("copy t to stdout");
  server_.Say(MessageOf('H', "\0\0\0"s));
  EXPECT_TRUE(out.Read(server_.wire()));
  EXPECT_THAT(out.error()->message(), HasSubstr("COPY"));
}

TEST(WireTest, KeepsTheLastNotificationsOnly) {
  TestServer server;
  const auto notify = [&](int number) {
    server.Say(MessageOf('A', "\0\0\0\7news\0"s + std::to_string(number) + '\0'));
    EXPECT_FALSE(server.wire().Next());
  };
  const int sent = static_cast<int>(Wire::kNotificationsMax) + 2;
  for (int i = 0; i < sent; ++i) notify(i);
  const std::optional<Notification> first = server.wire().TakeNotification();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->channel, "news");
  EXPECT_EQ(first->payload, "2");
  for (size_t i = 1; i < Wire::kNotificationsMax; ++i) EXPECT_TRUE(server.wire().TakeNotification());
  EXPECT_FALSE(server.wire().TakeNotification());
}

TEST(WireTest, TellsWhyNothingComesAnyMore) {
  TestServer server;
  EXPECT_TRUE(server.wire().Receive()) << "nothing has come yet";
  server.Leave();
  EXPECT_FALSE(server.wire().Receive());
  EXPECT_EQ(server.wire().Lost().id(), ErrorId::kDatabaseConnectionLost);
  server.wire().out().Query("select 1");
  EXPECT_TRUE(server.wire().Flush()) << "nothing is left that could be sent";
}

}  // namespace
}  // namespace pando::pg
