#include "base/json_text.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <string>

namespace pando {
namespace {

// Character by character, from RFC 8259, 7, and what PostgreSQL writes of it.
std::string Escaped(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    static constexpr std::string_view kShort = "\b\f\n\r\t\"\\", kLetters = "bfnrt\"\\";
    const size_t at = kShort.find(c);
    if (at != std::string_view::npos) {
      json += {'\\', kLetters[at]};
    } else if (c >= 0 && c < 0x20) {
      char code[7];
      std::snprintf(code, sizeof(code), "\\u%04x", static_cast<unsigned>(c));
      json += code;
    } else {
      json += c;
    }
  }
  return json + '"';
}

// Blocks, words and single bytes meet in every place.
TEST(JsonStringTest, EveryPlaceOfEveryByte) {
  for (size_t size = 0; size <= 40; ++size) {
    for (size_t place = 0; place < std::max<size_t>(size, 1); ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'x');
        if (size > 0) text[place] = static_cast<char>(byte);
        std::string json;
        AppendJsonString(json, text);
        ASSERT_EQ(json, Escaped(text)) << size << " " << place << " " << byte;
      }
    }
  }
}

TEST(JsonStringTest, RandomTexts) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 20000; ++round) {
    std::string text(random() % 100, ' ');
    const auto rare = 1 + random() % 40;
    for (char& c : text)
      c = random() % rare == 0 ? "\"\\\n\x01\x1f\b"[random() % 6] : static_cast<char>(32 + random() % 224);
    std::string json;
    AppendJsonString(json, text);
    ASSERT_EQ(json, Escaped(text));
  }
}

}  // namespace
}  // namespace pando
