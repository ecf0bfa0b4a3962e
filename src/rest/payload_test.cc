#include "rest/payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rest/key_set.h"

namespace pando::rest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Kind = Payload::Kind;

constexpr PayloadContext kRelation;
constexpr PayloadContext kFunction{.for_function = true};
constexpr PayloadContext kColumns{.columns_given = true};

std::string Refusal(const Result<Payload>& payload) {
  if (payload) return "accepted";
  EXPECT_EQ(payload.error().code(), "PGRST102");
  return payload.error().message();
}

TEST(JsonPayload, KeepsTheTextAndCollectsTheKeys) {
  const std::string_view body = "\t{ \"b\": 1, \"a\": {\"x\": 2}, \"b\": 3 }\r\n";
  const Result<Payload> payload = ParsePayload("", body, kRelation);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->kind, Kind::kJsonObject);
  EXPECT_EQ(payload->text, body);
  EXPECT_EQ(payload->elements, 1);
  EXPECT_THAT(payload->keys, ElementsAre("a", "b"));
}

TEST(JsonPayload, UnescapesKeys) {
  const Result<Payload> payload = ParseJsonPayload(R"({"\u0061\"":1})", kRelation);
  ASSERT_TRUE(payload);
  EXPECT_THAT(payload->keys, ElementsAre("a\""));
}

struct ArrayCase {
  std::string_view body;
  bool uniform;
};

TEST(JsonPayload, WantsTheSameKeysInEveryObject) {
  const ArrayCase cases[] = {
      {"[]", true},
      {"[{}]", true},
      {"[{},{}]", true},
      {R"([{"a":1},{"a":2}])", true},
      {R"([{"a":1,"b":2},{"b":1,"a":2},{"a":3,"b":4}])", true},
      {R"([{"a":1,"b":2},{"a":1,"b":2,"a":3}])", true},
      {R"([{"a":1,"a":2},{"a":3}])", true},
      {R"([{"a":1,"b":1,"a":2},{"a":3,"b":4}])", true},
      {R"([{"a":1},{"\u0061":2}])", true},
      {R"([{"a":1},{"b":2}])", false},
      {R"([{"a":1},{"a":2,"b":3}])", false},
      {R"([{"a":1,"b":2},{"a":2}])", false},
      {R"([{"a":1,"b":2},{"b":2}])", false},
      {R"([{"a":1},{}])", false},
      {R"([{},{"a":1}])", false},
      {R"([{"a":1},5])", false},
      {R"([5,{"a":1}])", false},
      {R"([{"a":1},[{"a":1}]])", false},
      {R"([1,2])", false},
  };
  for (const ArrayCase& it : cases) {
    EXPECT_EQ(Refusal(ParseJsonPayload(it.body, kRelation)), it.uniform ? "accepted" : "All object keys must match")
        << it.body;
    EXPECT_EQ(Refusal(ParseJsonPayload(it.body, kColumns)), "accepted") << it.body;
  }
}

TEST(JsonPayload, CollectsTheKeysOfAllObjectsWhenColumnsDecide) {
  const Result<Payload> payload = ParseJsonPayload(R"([{"b":1},{"a":1,"c":2}])", kColumns);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->kind, Kind::kJsonArray);
  EXPECT_EQ(payload->elements, 2);
  EXPECT_THAT(payload->keys, ElementsAre("a", "b", "c"));
}

TEST(JsonPayload, TreatsAScalarAsNoRows) {
  const Result<Payload> payload = ParseJsonPayload("5", kRelation);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->kind, Kind::kJsonArray);
  EXPECT_EQ(payload->text, "[]");
  EXPECT_EQ(payload->elements, 0);
}

TEST(JsonPayload, RefusesWhatIsNotJson) {
  for (const std::string_view body : {"", " ", "}{ x = 2", "{} trailing", "{\"a\":\"\xFF\"}"}) {
    EXPECT_EQ(Refusal(ParsePayload("application/json", body, kRelation)), "Empty or invalid json") << body;
  }
}

TEST(JsonPayload, SaysThatItIsNestedTooDeeply) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  const PayloadContext context{.for_function = true, .json_nesting_max = 10};
  EXPECT_TRUE(ParseJsonPayload(nested(10), context));
  const Result<Payload> refused = ParseJsonPayload(nested(11), context);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "The JSON is nested too deeply");
  EXPECT_EQ(refused.error().detail(), "At most 10 arrays and objects may be open at once");
  EXPECT_EQ(ParseJsonPayload(std::string(5, '['), context).error().message(), "Empty or invalid json");
}

TEST(FunctionPayload, TakesNothingAsNoArguments) {
  const Result<Payload> payload = ParsePayload("application/json", "", kFunction);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->kind, Kind::kJsonObject);
  EXPECT_EQ(payload->text, "{}");
}

TEST(FunctionPayload, KeepsAnyOtherJsonAsItIs) {
  for (const std::string_view body : {"5", "\"x\"", "null", " [1, 2] "}) {
    const Result<Payload> payload = ParsePayload("", body, kFunction);
    ASSERT_TRUE(payload) << body;
    EXPECT_EQ(payload->kind, Kind::kRaw) << body;
    EXPECT_EQ(payload->media, MediaType::Kind::kJson) << body;
    EXPECT_EQ(payload->text, body);
  }
  EXPECT_EQ(Refusal(ParsePayload("", "sdfsdf", kFunction)), "Empty or invalid json");
  for (const std::string_view body : {R"([{"a":1},{"b":1}])", R"([{"a":1},2])"}) {
    const Result<Payload> payload = ParsePayload("", body, kFunction);
    ASSERT_TRUE(payload) << body;
    EXPECT_EQ(payload->kind, Kind::kRaw) << body;
    EXPECT_TRUE(payload->mixed) << body;
    EXPECT_EQ(payload->text, body);
    EXPECT_EQ(Refusal(ParsePayload("", body, kRelation)), "All object keys must match");
  }
  EXPECT_EQ(ParsePayload("", R"([{"a":1},{"a":2}])", kFunction)->kind, Kind::kJsonArray);
}

TEST(JsonPayload, TellsWhetherAllObjectsHaveAllKeys) {
  const auto differ = [](std::string_view body) { return ParsePayload("", body, kColumns)->keys_differ; };
  for (const std::string_view body : {"{}", R"({"a":1})", "[]", "[{},{}]", R"([{"a":1,"b":2},{"b":1,"\u0061":2}])"}) {
    EXPECT_FALSE(differ(body)) << body;
  }
  for (const std::string_view body : {R"([{"a":1},{}])", R"([{"a":1},{"a":1,"b":2}])", "[1]", R"([{"a":1},1])"}) {
    EXPECT_TRUE(differ(body)) << body;
  }
  std::string many = "{";
  for (int i = 0; i < 2000; ++i) many += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_TRUE(differ(many + R"("a":1})"));
}

TEST(FunctionPayload, IsMixedWhereAnElementIsNoObject) {
  const PayloadContext columns{.for_function = true, .columns_given = true};
  for (const std::string_view body : {"[1,2]", "[null]", "[[]]", "[{},1]", R"([1,{"a":1}])"}) {
    EXPECT_TRUE(ParsePayload("", body, kFunction)->mixed) << body;
    EXPECT_TRUE(ParsePayload("", body, columns)->mixed) << body;
    EXPECT_EQ(Refusal(ParsePayload("", body, kRelation)), "All object keys must match") << body;
  }
  EXPECT_EQ(ParsePayload("", R"([{"a":1},{"b":2}])", columns)->kind, Kind::kJsonArray);
  for (const std::string_view body : {"3", "null", "[]", "[{},{}]"}) {
    EXPECT_FALSE(ParsePayload("", body, kFunction)->mixed) << body;
  }
}

TEST(FunctionPayload, TakesRawBodies) {
  const Result<Payload> xml = ParsePayload("text/xml; charset=utf-8", "<a/>", kFunction);
  ASSERT_TRUE(xml);
  EXPECT_EQ(xml->kind, Kind::kRaw);
  EXPECT_EQ(xml->media, MediaType::Kind::kXml);
  EXPECT_EQ(xml->text, "<a/>");
  const std::string_view bytes("\x00\xFF", 2);
  EXPECT_EQ(ParsePayload("application/octet-stream", bytes, kFunction)->text, bytes);
  EXPECT_EQ(Refusal(ParsePayload("text/plain", bytes, kFunction)), "The body is not text");
}

TEST(Payload, RefusesOtherContentTypes) {
  EXPECT_EQ(Refusal(ParsePayload("Audio/MPEG3; x=y", "{}", kFunction)), "Content-Type not acceptable: audio/mpeg3");
  EXPECT_EQ(Refusal(ParsePayload("text/plain", "x", kRelation)), "Content-Type not acceptable: text/plain");
  EXPECT_EQ(Refusal(ParsePayload("application/octet-stream", "x", kRelation)),
            "Content-Type not acceptable: application/octet-stream");
  EXPECT_EQ(Refusal(ParsePayload("nonsense", "x", kRelation)), "Content-Type not acceptable: nonsense");
}

struct CsvCase {
  std::string_view body;
  std::string_view json;
};

TEST(CsvPayload, BecomesAnArrayOfObjects) {
  const CsvCase cases[] = {
      {"a,b", "[]"},
      {"a,b\n1,2", R"([{"a":"1","b":"2"}])"},
      {"a,b\r\n1,2\r\n3,4\r\n", R"([{"a":"1","b":"2"},{"a":"3","b":"4"}])"},
      {"a,b\r1,2\r", R"([{"a":"1","b":"2"}])"},
      {"a,b\nNULL,foo", R"([{"a":null,"b":"foo"}])"},
      {"a\nNULL\n\"NULL\"\n null", R"([{"a":null},{"a":"NULL"},{"a":" null"}])"},
      {"a,b\n,\"\"\n\"\",", R"([{"a":null,"b":""},{"a":"","b":null}])"},
      {"a\n\"x,\"\"y\"\"\r\nz\"", R"([{"a":"x,\"y\"\r\nz"}])"},
      {"\"a b\",\"c\"\"d\"\n1,2", R"([{"a b":"1","c\"d":"2"}])"},
      {"\n\na,b\n\n1,2\r\n\r\n\n3,4\n\n", R"([{"a":"1","b":"2"},{"a":"3","b":"4"}])"},
      {"\n\na\n\n1\r\n\r\n2\n", R"([{"a":null},{"a":"1"},{"a":null},{"a":"2"}])"},
      {"\xEF\xBB\xBF\"a\"\n1", R"([{"a":"1"}])"},
      {"\xEF\xBB\xBF\xEF\xBB\xBF\n1", "[{\"\xEF\xBB\xBF\":\"1\"}]"},
      {"a\n\\\t", R"([{"a":"\\\t"}])"},
  };
  for (const CsvCase& it : cases) {
    const Result<Payload> payload = ParsePayload("text/csv", it.body, kRelation);
    EXPECT_EQ(payload ? payload->text : payload.error().ToString(), it.json) << it.body;
  }
}

std::string Repeat(size_t times, std::string_view piece) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += piece;
  return text;
}

// `count` names of their own, each made of `before`, a number and `after`.
std::string Numbered(size_t count, std::string_view before, std::string_view after) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text.append(before).append(std::to_string(100'000 + i)).append(after);
  text.pop_back();
  return text;
}

TEST(JsonPayload, KeepsOneKeyMoreThanARelationHasColumns) {
  for (const size_t count : {KeySet::kKeysMax, KeySet::kKeysMax + 1, size_t{50'000}}) {
    const Result<Payload> payload = ParseJsonPayload("{" + Numbered(count, "\"k", "\":1,") + "}", kRelation);
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->keys.size(), std::min(count, KeySet::kKeysMax + 1));
  }
  const Result<Payload> apart = ParseJsonPayload("[" + Numbered(50'000, "{\"k", "\":1},") + "]", kColumns);
  ASSERT_TRUE(apart);
  EXPECT_EQ(apart->keys.size(), KeySet::kKeysMax + 1);
}

TEST(JsonPayload, KeepsTheBeginningOfAKeyThatIsNoName) {
  const Result<Payload> payload = ParseJsonPayload("{\"a" + Repeat(200'000, "\xC3\xA9") + "\":1}", kRelation);
  ASSERT_TRUE(payload);
  EXPECT_THAT(payload->keys, ElementsAre("a" + Repeat(127, "\xC3\xA9"))) << "cut between characters";
}

TEST(JsonPayload, ComparesObjectsThatRepeatAKeyVeryOften) {
  const std::string often = Repeat(5000, "\"a\":1,");
  EXPECT_TRUE(ParseJsonPayload("[{" + often + "\"b\":1},{\"b\":1,\"a\":1},{" + often + "\"b\":1}]", kRelation));
  EXPECT_FALSE(ParseJsonPayload("[{" + often + "\"b\":1},{" + often + "\"a\":1}]", kRelation));
  EXPECT_FALSE(ParseJsonPayload("[{" + often + "\"b\":1},{" + Repeat(1600, "\"a\":1,").substr(0, 1600 * 6 - 1) + "}]",
                                kRelation));
}

TEST(CsvPayload, HasAtMostAsManyColumnsAsARelation) {
  EXPECT_TRUE(ParseCsvPayload(Numbered(KeySet::kKeysMax, "c", ",")));
  EXPECT_EQ(Refusal(ParseCsvPayload(Numbered(KeySet::kKeysMax + 1, "c", ","))),
            "The header line names more than 1600 columns");
  EXPECT_EQ(Refusal(ParseCsvPayload(std::string(5'000'000, ','))), "The header line names more than 1600 columns");
  EXPECT_EQ(Refusal(ParseCsvPayload("a\n" + std::string(1'000'000, ','))), "All lines must have same number of fields");
}

TEST(CsvPayload, DoesNotGrowWithoutEnd) {
  const std::string header = Numbered(1600, std::string(600, 'c'), ",");
  EXPECT_TRUE(ParseCsvPayload(header + "\n" + std::string(1599, ',')));
  EXPECT_THAT(Refusal(ParseCsvPayload(header + Repeat(100, "\n" + std::string(1599, ',')))),
              testing::StartsWith("The csv becomes more than 33554432 bytes of json"));
}

TEST(FormPayload, HasAtMostSoManyFieldsAndNames) {
  EXPECT_TRUE(ParseFormPayload(Repeat(kFormFieldsMax, "a=1&")));
  EXPECT_EQ(Refusal(ParseFormPayload(Repeat(kFormFieldsMax + 1, "a=1&"))), "Invalid form");
  EXPECT_TRUE(ParseFormPayload(Numbered(KeySet::kKeysMax, "k", "=1&")));
  EXPECT_EQ(Refusal(ParseFormPayload(Numbered(KeySet::kKeysMax + 1, "k", "=1&"))), "Invalid form");
}

TEST(CsvPayload, NamesItsColumns) {
  const Result<Payload> payload = ParseCsvPayload("b,a\n1,2");
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->kind, Kind::kJsonArray);
  EXPECT_EQ(payload->elements, 1);
  EXPECT_THAT(payload->keys, ElementsAre("a", "b"));
}

TEST(CsvPayload, GivesFieldsAsJson) {
  struct Case {
    std::string_view field, any_json, answers_json;  // a field in quotes, and what it becomes
  };
  const Case cases[] = {
      {"[1]", R"("[1]")", R"("[1]")"},
      {"[draft] x", R"("\"[draft] x\"")", R"("\"[draft] x\"")"},
      {R"(""hi"")", R"("\"hi\"")", R"("\"hi\"")"},
      {R"(""hi"" she)", R"("\"\\\"hi\\\" she\"")", R"("\"\\\"hi\\\" she\"")"},
      {R"(\)", R"("\"\\\\\"")", R"("\"\\\\\"")"},
      {"-1e5", R"("-1e5")", R"("-1e5")"},
      {"007", R"("\"007\"")", R"("\"007\"")"},
      {"null", R"("null")", R"("\"null\"")"},
      {" 7", R"(" 7")", R"("\" 7\"")"},
      {"", R"("\"\"")", R"("\"\"")"},
      {R"(x"":""y)", R"("\"x\\\":\\\"y\"")", R"("\"x\\\":\\\"y\"")"},
  };
  for (const Case& it : cases) {
    const std::string field = "\"" + std::string(it.field) + "\"";
    const Result<Payload> payload = ParseCsvPayload("a,\"b\"\"\",c\n" + field + "," + field + ",{\n,NULL,");
    ASSERT_TRUE(payload) << it.field;
    EXPECT_EQ(WithJsonFields(payload->text, {{"a", true}, {"b\"", false}}),
              R"([{"a":)" + std::string(it.any_json) + R"(,"b\"":)" + std::string(it.answers_json) +
                  R"(,"c":"{"},{"a":null,"b\"":null,"c":null}])")
        << it.field;
  }
}

TEST(CsvPayload, RefusesNamesThatComeTwice) {
  EXPECT_EQ(Refusal(ParseCsvPayload("b,a,b\n1,2,3")), "The header line names \"b\" more than once");
}

TEST(CsvPayload, RefusesOtherWidthsByTheirLine) {
  struct Case {
    std::string_view body, place;
  };
  const Case cases[] = {
      {"a,b\nfoo,bar\nbaz", "line 3 has fewer fields than the header line"},
      {"\n\na,b\r\n\"x\ny\",1\r\n\r\n\"x\r\ny\",2\r\nz\r\n1,2", "line 9 has fewer fields than the header line"},
      {"a,b\r1,2\r\r3\r", "line 4 has fewer fields than the header line"},
      {"a\n\n1,2", "line 3 has more fields than the header line"},
      {"a,b\n1,2,", "line 2 has more fields than the header line"},
  };
  for (const Case& it : cases) {
    const Result<Payload> payload = ParseCsvPayload(it.body);
    ASSERT_FALSE(payload) << it.body;
    EXPECT_EQ(payload.error().message(), "All lines must have same number of fields") << it.body;
    EXPECT_EQ(payload.error().place(), it.place) << it.body;
    // PostgREST ignores what is too much; of what is too little it says no more than the message.
    EXPECT_EQ(payload.error().detail().has_value(), it.place.find("more") != std::string_view::npos) << it.body;
  }
}

TEST(CsvPayload, RefusesBadQuotes) {
  for (const std::string_view body : {"", "\n", "a\n\"x", "a\n\"x\"y", "a\nx\"y\"", "\"a", "a\n\xFF"}) {
    EXPECT_EQ(Refusal(ParseCsvPayload(body)), "Empty or invalid csv") << body;
  }
}

TEST(FormPayload, BecomesOneObjectAndKeepsItsPairs) {
  const Result<Payload> payload =
      ParsePayload("application/x-www-form-urlencoded", "b=forms+are+fun&a=%C3%A9&&b=2&c", kRelation);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->kind, Kind::kJsonObject);
  EXPECT_EQ(payload->text, "{\"a\":\"\xC3\xA9\",\"b\":\"2\",\"c\":\"\"}");
  EXPECT_EQ(payload->elements, 1);
  EXPECT_THAT(payload->keys, ElementsAre("a", "b", "c"));
  EXPECT_THAT(payload->form,
              ElementsAre(Pair("b", "forms are fun"), Pair("a", "\xC3\xA9"), Pair("b", "2"), Pair("c", "")));
}

TEST(FormPayload, MayBeEmpty) {
  const Result<Payload> payload = ParseFormPayload("");
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->text, "{}");
  EXPECT_THAT(payload->keys, IsEmpty());
}

TEST(FormPayload, RefusesBadEncoding) {
  EXPECT_EQ(Refusal(ParseFormPayload("a=%zz")), "Invalid form");
  EXPECT_EQ(Refusal(ParseFormPayload("%FF=1")), "Invalid form");
}

TEST(PayloadTest, NamesOfCsvAreCutWhereThoseOfJsonAre) {
  const std::string name(KeySet::kKeyBytesMax + 10, 'n');
  const Result<Payload> csv = ParseCsvPayload(name + "\n1");
  ASSERT_TRUE(csv);
  EXPECT_EQ(csv->keys, ParseJsonPayload(csv->text, {})->keys);
}

}  // namespace
}  // namespace pando::rest
