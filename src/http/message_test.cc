#include "http/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/reason.h"

namespace pando::http {
namespace {

using testing::ElementsAre;

TEST(HeadersTest, FindsFieldsWithoutRegardToCase) {
  Headers headers;
  headers.Add("Prefer", "a");
  headers.Add("prefer", "b");
  EXPECT_EQ(headers.Find("PREFER"), "a");
  EXPECT_THAT(headers.FindAll("pREFER"), ElementsAre("a", "b"));
  EXPECT_EQ(headers.Find("Prefer2"), std::nullopt);
}

TEST(HeadersTest, SetLeavesOneFieldInThePlaceOfTheFirst) {
  Headers headers;
  headers.Add("A", "1");
  headers.Add("B", "2");
  headers.Add("a", "3");
  headers.Set("a", "4");
  headers.Set("C", "5");
  std::vector<std::string> fields;
  for (const auto& [name, value] : headers) fields.push_back(std::string(name) + "=" + std::string(value));
  EXPECT_THAT(fields, ElementsAre("A=4", "B=2", "C=5"));
}

TEST(HeadersTest, RemoveTakesAllFieldsOfTheName) {
  Headers headers;
  headers.Add("A", "1");
  headers.Add("B", "2");
  headers.Add("a", "3");
  headers.Remove("A");
  EXPECT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers.Find("B"), "2");
}

TEST(HeadersTest, AreTheLinesThatAreSent) {
  Headers headers;
  headers.Add("A", {"1", "", "2"});
  headers.Add("B", "");
  Headers more;
  more.Add("C", "3");
  headers.Append(more);
  EXPECT_EQ(headers.lines(), "A: 12\r\nB: \r\nC: 3\r\n");
  EXPECT_EQ(headers.Find("b"), "");
  EXPECT_EQ(headers.Find("c"), "3");
  const Headers copy = headers;
  headers.Clear();
  EXPECT_EQ(headers.lines(), "");
  EXPECT_EQ(headers.Find("A"), std::nullopt);
  EXPECT_EQ(copy.Find("A"), "12");
}

TEST(HeadersTest, TakeNothingThatEndsALine) {
  Headers headers;
  for (const char end : {'\r', '\n', '\0'}) {
    for (const size_t size : std::initializer_list<size_t>{1, 3, 8, 9, 31}) {
      for (size_t place = 0; place < size; ++place) {
        std::string text(size, 'x');
        text[place] = end;
        headers.Add("A", text);
        headers.Add(text, "a");
        headers.Add("A", {"long enough for a word", text});
      }
    }
  }
  headers.Add("", "a");
  EXPECT_EQ(headers.size(), 0u);
  headers.Add("A", "\t\x01\x7f\xff, and all else");
  EXPECT_EQ(headers.Find("A"), "\t\x01\x7f\xff, and all else");
}

// The filter only says what is surely not there.
TEST(HeadersTest, FindAllOfThemAmongMany) {
  Headers headers;
  for (int i = 0; i < 300; ++i) headers.Add("X-Field-" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < 300; ++i) EXPECT_EQ(headers.Find("x-FIELD-" + std::to_string(i)), std::to_string(i));
  EXPECT_EQ(headers.Find("X-Field-300"), std::nullopt);
}

TEST(RequestTest, SplitsTheTargetAtTheFirstQuestionMark) {
  struct Case {
    std::string_view target, path, query;
  };
  for (const Case& c :
       {Case{"/films?id=eq.1?2", "/films", "id=eq.1?2"}, Case{"/films", "/films", ""}, Case{"/films?", "/films", ""},
        Case{"/a?b=http://c/d", "/a", "b=http://c/d"}, Case{"http://host:80/films?a=b", "/films", "a=b"},
        Case{"http://host", "/", ""}, Case{"http://host?a=b", "/", "a=b"}, Case{"*", "*", ""}}) {
    Request request;
    request.target = c.target;
    EXPECT_EQ(request.path(), c.path) << c.target;
    EXPECT_EQ(request.query(), c.query) << c.target;
  }
}

TEST(ReasonPhraseTest, KnowsTheStandardOnes) {
  EXPECT_EQ(ReasonPhrase(200), "OK");
  EXPECT_EQ(ReasonPhrase(404), "Not Found");
  EXPECT_EQ(ReasonPhrase(503), "Service Unavailable");
  EXPECT_EQ(ReasonPhrase(299), "");
  EXPECT_EQ(ReasonPhrase(799), "");
}

}  // namespace
}  // namespace pando::http
