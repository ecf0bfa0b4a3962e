#include "net/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::net {
namespace {

using testing::HasSubstr;

class ListenerTest : public testing::Test {
 protected:
  Result<std::vector<Listener>> Open(const std::string& address) {
    return Listener::Open(context_.get_executor(), address);
  }

  boost::asio::io_context context_;
};

TEST(HostPortTest, ReadsAddressesAndNames) {
  EXPECT_EQ(ParseHostPort("0.0.0.0:8080").value(), (HostPort{"0.0.0.0", 8080}));
  EXPECT_EQ(ParseHostPort("[::1]:0").value(), (HostPort{"::1", 0}));
  EXPECT_EQ(ParseHostPort("localhost:65535").value(), (HostPort{"localhost", 65535}));
}

TEST(HostPortTest, SaysWhatIsWrongWithAnAddress) {
  const auto message = [](std::string_view text) { return ParseHostPort(text).error().message(); };
  EXPECT_THAT(message("localhost"), HasSubstr("port is missing"));
  EXPECT_THAT(message(":8080"), HasSubstr("host is missing"));
  EXPECT_THAT(message("::1:8080"), HasSubstr("stands in brackets"));
  EXPECT_THAT(message("[::1:8080"), HasSubstr("bracket"));
  for (const std::string_view text : {"a:", "a:x", "a:-1", "a:65536", "a:80 ", "a:+80"}) {
    EXPECT_THAT(message(text), HasSubstr("not a number from 0 to 65535")) << text;
  }
}

TEST_F(ListenerTest, TakesAFreePortAndTellsIt) {
  const auto listeners = Open("127.0.0.1:0");
  ASSERT_TRUE(listeners);
  EXPECT_NE(listeners->front().port(), 0);
}

TEST_F(ListenerTest, GivesEachAddressOfANameTheSamePort) {
  const auto listeners = Open("localhost:0");
  ASSERT_TRUE(listeners) << listeners.error().ToString();
  for (const Listener& listener : *listeners) EXPECT_EQ(listener.port(), listeners->front().port());
}

TEST_F(ListenerTest, SharesAnAddressWithinTheProcess) {
  const auto first = Open("127.0.0.1:0");
  const auto second = Open("127.0.0.1:" + std::to_string(first->front().port()));
  EXPECT_TRUE(second) << second.error().ToString();
}

TEST_F(ListenerTest, RefusesAnAddressThatAnotherProcessSharesToo) {
  // A socket that the Listeners do not know of stands for the other process.
  Acceptor other(context_.get_executor());
  other.open(boost::asio::ip::tcp::v4());
  other.set_option(boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>(true));
  other.bind(Endpoint(boost::asio::ip::make_address("127.0.0.1"), 0));
  other.listen();

  const auto refused = Open("127.0.0.1:" + std::to_string(other.local_endpoint().port()));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().id(), ErrorId::kNetwork);
  EXPECT_THAT(refused.error().message(), HasSubstr("in use"));
}

TEST_F(ListenerTest, RefusesAnAddressOfAnotherMachine) {
  const auto refused = Open("192.0.2.1:0");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("cannot listen on \"192.0.2.1:0\""));
}

TEST_F(ListenerTest, LeavesTheAddressFreeWhenItIsGone) {
  uint16_t port = 0;
  {
    const auto first = Open("127.0.0.1:0");
    port = first->front().port();
  }
  Acceptor alone(context_.get_executor());
  alone.open(boost::asio::ip::tcp::v4());
  boost::system::error_code failure;
  alone.bind(Endpoint(boost::asio::ip::make_address("127.0.0.1"), port), failure);
  EXPECT_FALSE(failure) << failure.message();
}

}  // namespace
}  // namespace pando::net
