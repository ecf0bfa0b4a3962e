#include "rest/json_scanner.h"

#include <gtest/gtest.h>

#include <string>

namespace pando::rest {
namespace {

// Writes down what it is told: {0 (a)0 }0 for an object with the key a.
class Recorder final : public JsonListener {
 public:
  void OnValue(uint32_t depth, JsonKind kind) override {
    heard_ += (kind == JsonKind::kObject ? "{" : kind == JsonKind::kArray ? "[" : ".") + std::to_string(depth) + " ";
  }
  void OnKey(uint32_t depth, std::string_view raw) override {
    heard_ += "(" + std::string(raw) + ")" + std::to_string(depth) + " ";
  }
  void OnObjectEnd(uint32_t depth) override { heard_ += "}" + std::to_string(depth) + " "; }
  const std::string& heard() const { return heard_; }

 private:
  std::string heard_;
};

std::string Heard(std::string_view text) {
  Recorder recorder;
  return ScanJson(text, 100, recorder) == JsonCheck::kValid ? recorder.heard() : "refused";
}

bool Valid(std::string_view text, uint32_t nesting_max = 100) {
  Recorder recorder;
  return ScanJson(text, nesting_max, recorder) == JsonCheck::kValid;
}

TEST(JsonScanner, ReportsTheOutermostShapeOnly) {
  EXPECT_EQ(Heard("1"), ".0 ");
  EXPECT_EQ(Heard("{}"), "{0 }0 ");
  EXPECT_EQ(Heard(R"({"a":{"b":1},"c":[{"d":2}]})"), "{0 (a)0 (c)0 }0 ");
  EXPECT_EQ(Heard(R"([{"a":{"b":1}},2,[{"c":3}]])"), "[0 {1 (a)1 }1 .1 [1 ");
  EXPECT_EQ(Heard(R"({"\u0061":1,"a":2})"), R"({0 (\u0061)0 (a)0 }0 )");
}

TEST(JsonScanner, AcceptsJson) {
  for (const std::string_view text :
       {"0", "-0", "-1.5e+10", "1E5", "0.1", "1e999999999999999999", "123456789012345678901234567890123456789012345",
        "true", "false", "null", "\"\"", R"~("\"\\\/\b\f\n\r\t\u12aF")~", "\t\n\r {} ", "[]", "[[],{}]", "[1 , 2]",
        R"({"a" : [1, {"b": null}]})", "\"\xC3\xA9\"", R"~("\ud800")~"}) {
    EXPECT_TRUE(Valid(text)) << text;
  }
}

TEST(JsonScanner, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      " ",
                                      "}{ x = 2",
                                      "sdfsdf",
                                      "01",
                                      "-",
                                      "+1",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "1e+",
                                      "0x1",
                                      "NaN",
                                      "tru",
                                      "nulll",
                                      "'a'",
                                      "\"",
                                      "\"a",
                                      "\"\\\"",
                                      "\"\\x\"",
                                      "\"\\u12g4\"",
                                      "\"\\u123",
                                      "\"\n\"",
                                      "\"\xFF\"",
                                      "[",
                                      "]",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,]",
                                      "[1 2]",
                                      "[1}",
                                      "{",
                                      "}",
                                      "{\"a\"",
                                      "{\"a\":",
                                      "{\"a\":1",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{1:1}",
                                      "{\"a\" 1}",
                                      "{\"a\":1]",
                                      "{} {}",
                                      "[] x",
                                      "1 2",
                                      "{\"a\":1 \"b\":2}",
                                      "\xEF\xBB\xBF{}"}) {
    EXPECT_FALSE(Valid(text)) << text;
  }
}

TEST(JsonScanner, BoundsTheDepth) {
  EXPECT_TRUE(Valid("[[[1]]]", 3));
  EXPECT_FALSE(Valid("[[[[1]]]]", 3));
  EXPECT_FALSE(Valid(std::string(1'000'000, '['), 1000));
}

}  // namespace
}  // namespace pando::rest
