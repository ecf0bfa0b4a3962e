#include "net/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <vector>

#include "net/socket.h"
#include "net/test_name_server.h"

namespace pando::net {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using Mood = TestNameServer::Mood;

// A name that is in no /etc/hosts, and to which no search domain is added.
const std::string kName = "db.pando.test.";

class ResolverTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.servers = server_.address();
    options_.kept_when_gone = milliseconds(300);
    options_.patience = milliseconds(100);
    options_.retry_interval = milliseconds(300);
  }

  Result<Resolver::Addresses> Find(Resolver& resolver, const std::string& name, Deadline deadline) {
    std::optional<Result<Resolver::Addresses>> found;
    boost::asio::co_spawn(loop_, Keep(resolver.Find(name, deadline), found),
                          boost::asio::bind_cancellation_slot(cancel_.slot(), [](std::exception_ptr escaped) {
                            if (escaped) std::rethrow_exception(escaped);
                          }));
    loop_.restart();
    while (!found) loop_.run_one();
    return std::move(*found);
  }

  std::vector<std::string> Texts(const Result<Resolver::Addresses>& found) {
    if (!found) return {found.error().ToString()};
    std::vector<std::string> texts;
    for (const auto& address : *found) texts.push_back(address.to_string());
    return texts;
  }

  std::vector<std::string> FindTexts(Resolver& resolver, const std::string& name = kName) {
    return Texts(Find(resolver, name, Deadline::After(seconds(30))));
  }

  void Sleep(Clock::duration span) {
    loop_.restart();
    loop_.run_for(span);
  }

  boost::asio::io_context loop_{1};
  TestNameServer server_{loop_.get_executor()};
  ResolverOptions options_;
  boost::asio::cancellation_signal cancel_;

 private:
  static Task<void> Keep(Task<Result<Resolver::Addresses>> task, std::optional<Result<Resolver::Addresses>>& found) {
    // As tasks of net/ are started; by default Asio throws.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    found.emplace(co_await std::move(task));
  }
};

TEST_F(ResolverTest, FindsWhatTheNameServerSays) {
  Resolver resolver(options_);
  server_.addresses = {"127.0.0.1", "127.0.0.2"};

  EXPECT_THAT(FindTexts(resolver), testing::UnorderedElementsAre("127.0.0.1", "127.0.0.2"));
}

TEST_F(ResolverTest, FindsWhatEtcHostsSaysWithoutAskingAnybody) {
  Resolver resolver(options_);

  EXPECT_THAT(FindTexts(resolver, "localhost"), testing::Contains("127.0.0.1"));
  EXPECT_EQ(server_.questions(), 0);
}

TEST_F(ResolverTest, KeepsItsDeadlineWhereNoNameServerAnswers) {
  Resolver resolver(options_);
  server_.mood = Mood::kSilent;
  const Clock::time_point begun = Clock::now();

  const auto found = Find(resolver, kName, Deadline::After(milliseconds(200)));

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().id(), ErrorId::kRequestDeadline);
  EXPECT_LT(Clock::now() - begun, seconds(1));
}

TEST_F(ResolverTest, EndsWhenItIsCancelled) {
  Resolver resolver(options_);
  server_.mood = Mood::kSilent;
  Timer soon(loop_.get_executor(), milliseconds(20));
  soon.async_wait([this](boost::system::error_code) { cancel_.emit(boost::asio::cancellation_type::terminal); });

  const auto found = Find(resolver, kName, Deadline::After(seconds(30)));

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().id(), ErrorId::kRequestCancelled);
}

TEST_F(ResolverTest, UsesTheLastAnswerWhileNoNameServerAnswersAndAsksNowAndThen) {
  Resolver resolver(options_);
  FindTexts(resolver);
  server_.mood = Mood::kSilent;

  EXPECT_THAT(FindTexts(resolver), ElementsAre("127.0.0.1"));
  const int asked = server_.questions();
  EXPECT_THAT(FindTexts(resolver), ElementsAre("127.0.0.1"));
  EXPECT_EQ(server_.questions(), asked) << "the name server was found silent a moment ago";

  server_.mood = Mood::kAnswers;
  server_.addresses = {"127.0.0.9"};
  Sleep(options_.retry_interval);
  EXPECT_THAT(FindTexts(resolver), ElementsAre("127.0.0.9"));
}

TEST_F(ResolverTest, ANameThatIsGoneKeepsItsAddressesForAWhile) {
  Resolver resolver(options_);
  FindTexts(resolver);

  server_.mood = Mood::kSaysNoSuchName;
  EXPECT_THAT(FindTexts(resolver), ElementsAre("127.0.0.1"));
  Sleep(options_.kept_when_gone);
  const auto gone = Find(resolver, kName, Deadline::After(seconds(30)));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().id(), ErrorId::kNetwork);

  server_.mood = Mood::kAnswers;
  EXPECT_THAT(FindTexts(resolver), ElementsAre("127.0.0.1"));
}

TEST_F(ResolverTest, AnAnswerWithoutAddressesIsLikeNoSuchName) {
  Resolver resolver(options_);
  FindTexts(resolver);

  server_.addresses.clear();
  EXPECT_THAT(FindTexts(resolver), ElementsAre("127.0.0.1"));
  Sleep(options_.kept_when_gone);
  EXPECT_FALSE(Find(resolver, kName, Deadline::After(seconds(30))));
}

TEST_F(ResolverTest, ANameThatIsBackBeforeItWasForgottenIsKeptAnew) {
  Resolver resolver(options_);
  FindTexts(resolver);
  server_.mood = Mood::kSaysNoSuchName;
  FindTexts(resolver);
  server_.mood = Mood::kAnswers;
  FindTexts(resolver);
  Sleep(options_.kept_when_gone);

  server_.mood = Mood::kSaysNoSuchName;
  EXPECT_THAT(FindTexts(resolver), ElementsAre("127.0.0.1"));
}

TEST_F(ResolverTest, ANameThatNeverWasIsAnErrorAtOnce) {
  Resolver resolver(options_);
  server_.mood = Mood::kSaysNoSuchName;

  const auto found = Find(resolver, kName, Deadline::After(seconds(30)));

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().id(), ErrorId::kNetwork);
}

}  // namespace
}  // namespace pando::net
