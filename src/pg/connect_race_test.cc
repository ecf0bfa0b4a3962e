// Attempts of its own making: each host is told how long it takes, and what it comes to.
#include "pg/connect_race.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <map>

#include "net/sleep.h"
#include "net/socket.h"
#include "net/test_name_server.h"

namespace pando::pg {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

enum class Kind : uint8_t { kPrimary, kStandby, kRefuses, kDead, kFrozen };

struct Fake {
  Kind kind = Kind::kPrimary;
  milliseconds takes{1};
};

class RaceTest : public testing::Test {
 protected:
  Result<Connected> Run(TargetSession target = TargetSession::kAny, Deadline deadline = Deadline::After(seconds(5))) {
    RaceOptions options;
    options.hosts = hosts_;
    options.target = target;
    options.resolver = resolver_.get();
    options.attempt = [this](const Host& address, Deadline by) { return Try(address, by); };
    options.is_read_only = [this](const Connected& connected) { return IsStandby(connected); };
    const auto race = std::make_shared<Race>(loop_.get_executor(), std::move(options));
    std::optional<Result<Connected>> outcome;
    boost::asio::co_spawn(loop_, Keep(race, deadline, outcome),
                          boost::asio::bind_cancellation_slot(cancel_.slot(), [](std::exception_ptr escaped) {
                            if (escaped) std::rethrow_exception(escaped);
                          }));
    begun_ = Clock::now();
    loop_.restart();
    while (!outcome) loop_.run_one();
    took_ = Clock::now() - begun_;
    return std::move(*outcome);
  }

  // A list of its own for each test: which address was the primary last is known of the process.
  void Add(const std::string& name, Fake fake) {
    hosts_.push_back(Host{"", name, testing::UnitTest::GetInstance()->current_test_info()->name()});
    fakes_[name] = fake;
  }

  void AskAt(const net::TestNameServer& server) {
    net::ResolverOptions options;
    options.servers = server.address();
    resolver_ = std::make_unique<net::Resolver>(options);
  }

  // The backend's process id stands for the host here.
  std::string WinnerOf(const Result<Connected>& outcome) const {
    if (!outcome) return outcome.error().ToString();
    return names_[outcome->cancel_target->backend_pid];
  }

  boost::asio::io_context loop_{1};
  std::vector<Host> hosts_;
  std::map<std::string, Fake> fakes_;
  std::vector<std::string> tried_;
  std::vector<milliseconds> tried_at_;
  Clock::time_point begun_;
  Clock::duration took_{};
  std::unique_ptr<net::Resolver> resolver_ = std::make_unique<net::Resolver>();
  boost::asio::cancellation_signal cancel_;
  int ended_ = 0;

 private:
  static Task<void> Keep(std::shared_ptr<Race> race, Deadline deadline, std::optional<Result<Connected>>& outcome) {
    // As tasks of net/ are started; by default Asio throws.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    outcome.emplace(co_await race->Run(deadline));
  }

  bool IsStandby(const Connected& connected) const {
    return fakes_.at(names_[connected.cancel_target->backend_pid]).kind == Kind::kStandby;
  }

  Task<Result<Connected>> Try(Host address, Deadline by) {
    const Fake fake = fakes_.at(address.address);
    tried_.push_back(address.address);
    tried_at_.push_back(std::chrono::duration_cast<milliseconds>(Clock::now() - begun_));
    const Deadline until = fake.kind == Kind::kFrozen ? by : Deadline::After(fake.takes);
    const Result<void> slept = co_await net::SleepUntil(until);
    ++ended_;
    if (!slept) co_return slept.error();
    if (fake.kind == Kind::kRefuses) co_return Error::FromDatabase("28P01", "wrong password");
    if (fake.kind == Kind::kDead || fake.kind == Kind::kFrozen) {
      co_return Error(ErrorId::kDatabaseUnreachable, address.address + " is away");
    }
    Connected connected;
    connected.cancel_target.emplace();
    connected.cancel_target->backend_pid = static_cast<uint32_t>(names_.size());
    names_.push_back(address.address);
    co_return std::move(connected);
  }

  std::vector<std::string> names_;
};

TEST_F(RaceTest, AFrozenHostHoldsTheNextUpForAQuarterOfASecond) {
  Add("10.0.0.1", {Kind::kFrozen});
  Add("10.0.0.2", {});

  EXPECT_EQ(WinnerOf(Run()), "10.0.0.2");
  EXPECT_GE(took_, milliseconds(240));
  EXPECT_LT(took_, seconds(2));
  loop_.run_for(milliseconds(50));
  EXPECT_EQ(ended_, 2) << "the attempt that lost goes on";
}

TEST_F(RaceTest, AHostThatRefusesIsFollowedAtOnce) {
  Add("10.0.0.1", {Kind::kDead});
  Add("10.0.0.2", {});

  EXPECT_EQ(WinnerOf(Run()), "10.0.0.2");
  EXPECT_LT(tried_at_[1], milliseconds(200));
}

TEST_F(RaceTest, AQuickFirstHostIsTheOnlyOneThatIsTried) {
  Add("10.0.0.1", {});
  Add("10.0.0.2", {});

  EXPECT_EQ(WinnerOf(Run()), "10.0.0.1");
  EXPECT_THAT(tried_, ElementsAre("10.0.0.1"));
}

TEST_F(RaceTest, AttemptsAreStaggered) {
  for (const char* name : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) Add(name, {Kind::kFrozen});
  Add("10.0.0.4", {});

  EXPECT_EQ(WinnerOf(Run()), "10.0.0.4");
  ASSERT_EQ(tried_at_.size(), 4u);
  for (size_t i = 1; i < 4; ++i) EXPECT_GE(tried_at_[i] - tried_at_[i - 1], milliseconds(240));
}

TEST_F(RaceTest, AStandbyWaitsForThePrimary) {
  Add("10.0.0.1", {Kind::kStandby});
  Add("10.0.0.2", {Kind::kPrimary, milliseconds(400)});

  EXPECT_EQ(WinnerOf(Run()), "10.0.0.2");
}

TEST_F(RaceTest, AStandbyIsTakenWhereEveryOtherHasFailedOrIsOne) {
  Add("10.0.0.1", {Kind::kStandby});
  Add("10.0.0.2", {Kind::kDead});
  Add("10.0.0.3", {Kind::kStandby});

  EXPECT_EQ(WinnerOf(Run()), "10.0.0.1");
  EXPECT_EQ(tried_.size(), 3u);
}

TEST_F(RaceTest, NoStandbyIsTakenWhereWritesAreAskedFor) {
  Add("10.0.0.1", {Kind::kStandby});
  Add("10.0.0.2", {Kind::kDead});

  const Result<Connected> outcome = Run(TargetSession::kReadWrite);

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().id(), ErrorId::kDatabaseUnreachable);
  EXPECT_THAT(outcome.error().message(), HasSubstr("target_session_attrs=read-write"));
  EXPECT_THAT(outcome.error().message(), HasSubstr("10.0.0.2 is away"));
}

TEST_F(RaceTest, TheRefusalOfAServerIsTheErrorOfAll) {
  Add("10.0.0.1", {Kind::kDead});
  Add("10.0.0.2", {Kind::kRefuses});
  Add("10.0.0.3", {Kind::kDead});

  const Result<Connected> outcome = Run();

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().sqlstate(), "28P01");
}

TEST_F(RaceTest, TheLastPrimaryBegins) {
  Add("10.0.0.1", {Kind::kFrozen});
  Add("10.0.0.2", {});
  EXPECT_TRUE(Run());
  tried_.clear();

  EXPECT_EQ(WinnerOf(Run()), "10.0.0.2");
  EXPECT_THAT(tried_, ElementsAre("10.0.0.2"));
  EXPECT_LT(took_, milliseconds(200));
}

TEST_F(RaceTest, ThePrimaryIsFoundAfterItHasMoved) {
  Add("10.0.0.1", {Kind::kStandby});
  Add("10.0.0.2", {});
  EXPECT_TRUE(Run());
  fakes_["10.0.0.1"].kind = Kind::kPrimary;
  fakes_["10.0.0.2"].kind = Kind::kStandby;

  EXPECT_EQ(WinnerOf(Run()), "10.0.0.1");
}

TEST_F(RaceTest, KeepsItsDeadline) {
  Add("10.0.0.1", {Kind::kFrozen});
  Add("10.0.0.2", {Kind::kFrozen});

  const Result<Connected> outcome = Run(TargetSession::kAny, Deadline::After(milliseconds(400)));

  EXPECT_FALSE(outcome);
  EXPECT_LT(took_, seconds(1));
}

TEST_F(RaceTest, EndsWhenItIsCancelled) {
  Add("10.0.0.1", {Kind::kFrozen});
  Add("10.0.0.2", {Kind::kFrozen});
  net::Timer soon(loop_.get_executor(), milliseconds(20));
  soon.async_wait([this](boost::system::error_code) { cancel_.emit(boost::asio::cancellation_type::terminal); });

  const Result<Connected> outcome = Run();

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().id(), ErrorId::kRequestCancelled);
  EXPECT_LT(took_, seconds(2));
}

TEST_F(RaceTest, EveryAddressOfANameIsTried) {
  net::TestNameServer server(loop_.get_executor());
  server.addresses = {"127.0.0.1", "127.0.0.2"};
  AskAt(server);
  hosts_ = {Host{"db.pando.test.", "", "5432"}};
  fakes_["127.0.0.1"].kind = Kind::kDead;
  fakes_["127.0.0.2"].kind = Kind::kDead;

  EXPECT_FALSE(Run());
  EXPECT_THAT(tried_, testing::UnorderedElementsAre("127.0.0.1", "127.0.0.2"));
}

TEST_F(RaceTest, AnotherHostIsTriedWhileNoNameServerAnswers) {
  net::TestNameServer server(loop_.get_executor());
  server.mood = net::TestNameServer::Mood::kSilent;
  AskAt(server);
  Add("10.0.0.2", {});
  hosts_.insert(hosts_.begin(), Host{"cut.pando.test.", "", "5432"});

  EXPECT_EQ(WinnerOf(Run()), "10.0.0.2");
  EXPECT_LT(took_, seconds(2));
}

TEST_F(RaceTest, AnUnknownNameIsSaid) {
  net::TestNameServer server(loop_.get_executor());
  server.mood = net::TestNameServer::Mood::kSaysNoSuchName;
  AskAt(server);
  hosts_ = {Host{"gone.pando.test.", "", "5432"}};

  const Result<Connected> outcome = Run();

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().id(), ErrorId::kDatabaseUnreachable);
  EXPECT_THAT(outcome.error().message(), HasSubstr("gone.pando.test."));
}

}  // namespace
}  // namespace pando::pg
