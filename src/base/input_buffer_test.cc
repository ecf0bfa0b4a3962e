#include "base/input_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

namespace pando {
namespace {

void Append(InputBuffer& buffer, std::string_view bytes) {
  const std::span<char> space = buffer.Prepare(bytes.size());
  ASSERT_GE(space.size(), bytes.size());
  std::memcpy(space.data(), bytes.data(), bytes.size());
  buffer.Commit(bytes.size());
}

TEST(InputBufferTest, KeepsUnreadBytesWhileItGrowsAndMoves) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  InputBuffer buffer;
  std::string expected;
  for (int step = 0; step < 2000; ++step) {
    const std::string bytes(1 + random() % 300, static_cast<char>('a' + step % 26));
    Append(buffer, bytes);
    expected += bytes;
    const size_t consumed = random() % (expected.size() + 1);
    buffer.Consume(consumed);
    expected.erase(0, consumed);
    ASSERT_EQ(buffer.view(), expected);
  }
}

TEST(InputBufferTest, ShrinksOnlyWhenEmpty) {
  InputBuffer buffer;
  Append(buffer, std::string(1000, 'x'));
  buffer.ShrinkTo(10);
  EXPECT_EQ(buffer.size(), 1000u);
  buffer.Consume(1000);
  buffer.ShrinkTo(10);
  EXPECT_TRUE(buffer.empty());
  EXPECT_LT(buffer.Prepare(1).size(), 1000u);
}

}  // namespace
}  // namespace pando
