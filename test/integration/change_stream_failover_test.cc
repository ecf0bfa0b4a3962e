// The change stream when the primary is gone for good and a standby takes its place.

#include "changes/change_stream.h"

#include <thread>

#include "integration/pg_fixture.h"

namespace pando::changes {
namespace {

using std::chrono::milliseconds;
using test::TestPostgres;

class Recorder : public ChangeSink {
 public:
  void OnStart(const StreamOrigin& origin) override { origins.push_back(origin); }
  void OnTransaction(const Transaction& transaction) override {
    for (const Change& change : transaction.changes) ids.push_back(change.after ? change.after->front().text : "");
  }
  void OnBreak(const Error&) override { ++breaks; }

  std::vector<StreamOrigin> origins;
  std::vector<std::string> ids;  // of the rows that were inserted
  int breaks = 0;
};

TEST(ChangeStreamFailoverTest, GoesOnAtThePromotedStandby) {
  test::TestLoop loop;
  TestPostgres primary;
  primary.Execute("postgres", "create table items (id int primary key); create publication pando for table items");
  const std::unique_ptr<TestPostgres> standby = TestPostgres::StandbyOf(primary);

  ChangeStreamOptions options;
  options.connect.uri = "postgres:///postgres?host=" + primary.socket_folder() + "," + standby->socket_folder() +
                        "&user=postgres&target_session_attrs=read-write";
  options.heartbeat_every = milliseconds(20);
  options.retry_min = milliseconds(20);
  options.retry_max = milliseconds(200);
  Recorder recorder;
  ChangeStream stream(loop.executor(), std::move(options), recorder);
  const auto run_until = [&](auto done) {
    const Deadline deadline = pg::InTime();
    while (!done()) {
      ASSERT_FALSE(deadline.passed());
      loop.context().restart();
      loop.context().run_one_for(milliseconds(5));
    }
  };
  stream.Start();
  run_until([&] { return recorder.origins.size() == 1; });
  primary.Execute("postgres", "insert into items values (1)");
  run_until([&] { return recorder.ids.size() == 1; });

  // A clean end waits until everybody who follows has everything.
  std::jthread end([&] { primary.Stop(); });
  run_until([&] { return recorder.breaks == 1; });
  end.join();
  EXPECT_EQ(stream.fresh_at(), Clock::time_point::min());
  standby->Promote();
  run_until([&] { return recorder.origins.size() == 2; });
  standby->Execute("postgres", "insert into items values (2)");
  const Clock::time_point written = Clock::now();
  run_until([&] { return recorder.ids.size() == 2 && stream.fresh_at() > written; });

  EXPECT_EQ(recorder.ids, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(recorder.origins[1].system, recorder.origins[0].system);
  EXPECT_GT(recorder.origins[1].timeline, recorder.origins[0].timeline);
  EXPECT_EQ(stream.stats().breaks, 1u);
  EXPECT_EQ(standby->Query("postgres", "select count(*) from pg_replication_slots"), "1");
  loop.Run(stream.Stop());
}

}  // namespace
}  // namespace pando::changes
