#include "base/text_buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace pando {
namespace {

TEST(TextBufferTest, HoldsWhatWasWrittenWhileItGrows) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  TextBuffer buffer;
  std::string expected;
  for (int step = 0; step < 2000; ++step) {
    const std::string piece(random() % 300, static_cast<char>('a' + step % 26));
    if (step % 2 == 0) {
      buffer.Append(piece);
    } else {
      char* const to = buffer.Space(piece.size() + random() % 50);
      buffer.EndAt(WriteText(to, piece));
    }
    expected += piece;
    if (random() % 10 == 0) {
      expected.resize(random() % (expected.size() + 1));
      buffer.Truncate(expected.size());
    }
    ASSERT_EQ(buffer.view(), expected);
  }
}

TEST(TextBufferTest, TextsOfEveryShortSizeAreCopiedWithinTheirBounds) {
  const std::string letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (size_t size = 0; size <= letters.size(); ++size) {
    const std::string text = letters.substr(0, size);
    std::string to(size + 2, '.');
    EXPECT_EQ(WriteText(to.data() + 1, text), to.data() + 1 + size);
    EXPECT_EQ(to, "." + text + ".");
  }
  EXPECT_EQ(WriteText(nullptr, {}), nullptr);
}

TEST(TextBufferTest, ACopyIsItsOwnAndWhatWasMovedFromIsEmpty) {
  TextBuffer first;
  first.Append("abc");
  TextBuffer copy = first;
  copy.Append("d");
  EXPECT_EQ(first.view(), "abc");
  EXPECT_EQ(copy.view(), "abcd");
  first = std::move(copy);
  EXPECT_EQ(first.view(), "abcd");
  EXPECT_EQ(copy.view(), "");  // NOLINT(bugprone-use-after-move)
  copy.Append("e");
  EXPECT_EQ(copy.view(), "e");
}

TEST(TextBufferTest, GivesBackWhatIsMoreThanItMayKeep) {
  TextBuffer buffer;
  buffer.Append(std::string(100, 'x'));
  buffer.Clear(1000);
  EXPECT_GE(buffer.capacity(), 100u);
  buffer.Append(std::string(2000, 'x'));
  buffer.Clear(1000);
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_EQ(buffer.view(), "");
}

}  // namespace
}  // namespace pando
