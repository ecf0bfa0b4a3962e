#include "server/freed_on.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <thread>

namespace pando::server {
namespace {

struct Witness {
  explicit Witness(std::optional<std::thread::id>& out) : freed_by(out) {}
  ~Witness() { freed_by = std::this_thread::get_id(); }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  std::optional<std::thread::id>& freed_by;
};

TEST(FreedOnTest, TheExecutorFreesWhatAnotherThreadLetGoOf) {
  std::optional<std::thread::id> freed_by;
  boost::asio::io_context loop(1);
  auto shared = FreedOn<Witness>(loop.get_executor(), std::make_shared<const Witness>(freed_by));

  std::thread([held = std::move(shared)]() mutable { held.reset(); }).join();
  EXPECT_FALSE(freed_by.has_value());

  loop.run();
  EXPECT_EQ(freed_by, std::this_thread::get_id());
}

TEST(FreedOnTest, NothingIsFreedBeforeTheLastCopy) {
  std::optional<std::thread::id> freed_by;
  boost::asio::io_context loop(1);
  auto first = FreedOn<Witness>(loop.get_executor(), std::make_shared<const Witness>(freed_by));
  auto second = first;

  first.reset();
  loop.run();
  EXPECT_FALSE(freed_by.has_value());

  loop.restart();
  second.reset();
  loop.run();
  EXPECT_TRUE(freed_by.has_value());
}

TEST(FreedOnTest, ALoopThatNeverTurnsAgainFreesWithItself) {
  std::optional<std::thread::id> freed_by;
  {
    boost::asio::io_context loop(1);
    FreedOn<Witness>(loop.get_executor(), std::make_shared<const Witness>(freed_by)).reset();
    EXPECT_FALSE(freed_by.has_value());
  }
  EXPECT_TRUE(freed_by.has_value());
}

}  // namespace
}  // namespace pando::server
