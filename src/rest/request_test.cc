#include "rest/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <strings.h>

#include <utility>

#include "rest/show_for_tests.h"

namespace pando::rest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::Pair;

// A request in the words of the API; send() parses it.
struct Message {
  std::string_view method = "GET";
  std::string_view path = "/rest/v1/items";
  std::string_view query = "";
  std::vector<std::pair<std::string_view, std::string_view>> headers = {};
  std::string_view body = "";
  ParseOptions options = {};

  Result<Request> send() const {
    const RawRequest raw{method, path, query, body, [this](std::string_view name) {
                           std::vector<std::string_view> values;
                           for (const auto& [key, value] : headers) {
                             if (key.size() == name.size() && strncasecmp(key.data(), name.data(), key.size()) == 0) {
                               values.push_back(value);
                             }
                           }
                           return values;
                         }};
    return ParseRequest(raw, options);
  }
};

std::string CodeOf(const Message& message) {
  const Result<Request> request = message.send();
  return request ? "accepted" : std::string(request.error().code());
}

struct TargetCase {
  std::string_view method;
  std::string_view path;
  std::string_view prefix;
  std::string_view name;
  Resource resource;
  Action action;
};

TEST(Request, FindsResourceAndAction) {
  const TargetCase cases[] = {
      {"GET", "/rest/v1/items", "/rest/v1", "items", Resource::kRelation, Action::kRead},
      {"HEAD", "/items", "/", "items", Resource::kRelation, Action::kRead},
      {"POST", "/items", "/", "items", Resource::kRelation, Action::kInsert},
      {"PUT", "/items?", "/", "items?", Resource::kRelation, Action::kPut},
      {"PATCH", "/Escap3e%3B", "/", "Escap3e;", Resource::kRelation, Action::kUpdate},
      {"DELETE", "/a+b%2Fc%20d", "/", "a+b/c d", Resource::kRelation, Action::kDelete},
      {"OPTIONS", "/items", "/", "items", Resource::kRelation, Action::kDescribe},
      {"GET", "/rpc", "/", "rpc", Resource::kRelation, Action::kRead},
      {"GET", "/rpc/add", "/", "add", Resource::kFunction, Action::kCall},
      {"POST", "/rest/v1/rpc/add", "/rest/v1", "add", Resource::kFunction, Action::kCall},
      {"OPTIONS", "/rpc/add", "/", "add", Resource::kFunction, Action::kDescribe},
      {"GET", "/", "/", "", Resource::kRoot, Action::kInspect},
      {"GET", "/rest/v1", "/rest/v1", "", Resource::kRoot, Action::kInspect},
      {"HEAD", "/rest/v1/", "/rest/v1", "", Resource::kRoot, Action::kInspect},
  };
  for (const TargetCase& it : cases) {
    Message message{.method = it.method, .path = it.path};
    message.options.prefix = it.prefix;
    if (it.method != "GET") message.body = "{}";
    if (it.action == Action::kPut || it.action == Action::kDelete) message.query = "";
    const Result<Request> request = message.send();
    ASSERT_TRUE(request) << it.method << it.path << request.error().ToString();
    EXPECT_EQ(request->name, it.name) << it.path;
    EXPECT_EQ(request->resource, it.resource) << it.path;
    EXPECT_EQ(request->action, it.action) << it.method << it.path;
    EXPECT_EQ(request->head, it.method == "HEAD");
  }
}

TEST(Request, KeepsThePathWithoutThePrefix) {
  EXPECT_EQ((Message{.path = "/rest/v1/rpc/a%20b"}.send()->path), "/rpc/a%20b");
  EXPECT_EQ((Message{.path = "/rest/v1"}.send()->path), "/");
}

TEST(Request, RefusesOtherPaths) {
  for (const std::string_view path : {"/", "/rest/v1x/items", "/rest/v1/items/", "/rest/v1/items/1", "/rest/v1/rpc/",
                                      "/rest/v1/rpc/a/b", "/rest/v1//", "/rest/v1//items", "/rest/v1/rpc//a", ""}) {
    const Result<Request> request = Message{.path = path}.send();
    ASSERT_FALSE(request) << path;
    EXPECT_EQ(request.error().code(), "PGRST125") << path;
    EXPECT_EQ(request.error().message(), "Invalid path specified in request URL");
  }
  EXPECT_EQ(CodeOf({.path = "/rest/v1/a%zz"}), "PGRST100");
  EXPECT_EQ(CodeOf({.path = "/rest/v1/a%00"}), "PGRST100");
  EXPECT_EQ(CodeOf({.path = "/rest/v1/%C3%28"}), "PGRST100");
}

TEST(Request, RefusesOtherMethods) {
  const Result<Request> trace = Message{.method = "TRACE"}.send();
  ASSERT_FALSE(trace);
  EXPECT_EQ(trace.error().code(), "PGRST117");
  EXPECT_EQ(trace.error().message(), "Unsupported HTTP method: TRACE");
  EXPECT_EQ(CodeOf({.method = "POST", .path = "/rest/v1/"}), "PGRST117");
  const Result<Request> put = Message{.method = "PUT", .path = "/rest/v1/rpc/f"}.send();
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code(), "PGRST101");
  EXPECT_EQ(put.error().message(), "Cannot use the PUT method on RPC");
}

TEST(Request, ChoosesTheSchemaByProfile) {
  ParseOptions two;
  two.schemas = {"v1", "v2"};
  const Result<Request> first = Message{.options = two}.send();
  EXPECT_EQ(first->schema, "v1");
  EXPECT_TRUE(first->schema_negotiated);
  EXPECT_EQ((Message{.headers = {{"Accept-Profile", "v2"}}, .options = two}.send()->schema), "v2");
  EXPECT_EQ((Message{.headers = {{"Content-Profile", "v2"}}, .options = two}.send()->schema), "v1");
  EXPECT_EQ((Message{.method = "DELETE", .headers = {{"Content-Profile", "v2"}}, .options = two}.send()->schema), "v2");
  const auto with_accept = [&](std::string_view method, std::string_view schema) {
    return CodeOf({.method = method, .headers = {{"Accept-Profile", schema}}, .body = "{}", .options = two});
  };
  EXPECT_EQ(with_accept("DELETE", "v2"), "PANDO2012");
  EXPECT_EQ(with_accept("POST", "v2"), "PANDO2012");
  EXPECT_EQ(with_accept("PATCH", "v1"), "accepted");
  EXPECT_FALSE(Message{}.send()->schema_negotiated);
  EXPECT_TRUE((Message{.headers = {{"Accept-Profile", "public"}}}.send()->schema_negotiated));

  const Result<Request> unknown = Message{.headers = {{"Accept-Profile", "v3"}}, .options = two}.send();
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), "PGRST106");
  EXPECT_EQ(unknown.error().message(), "Invalid schema: v3");
  EXPECT_EQ(unknown.error().hint(), "Only the following schemas are exposed: v1, v2");
}

TEST(Request, ReportsTheFirstOfSeveralMistakesInTheOrderOfTheStages) {
  Message message{.method = "TRACE",
                  .path = "/rest/v1/items/1",
                  .query = "id=0&limit=-1",
                  .headers = {{"Accept-Profile", "x"}, {"Content-Profile", "x"}},
                  .body = "}{"};
  EXPECT_EQ(CodeOf(message), "PGRST125");
  message.path = "/rest/v1/items";
  EXPECT_EQ(CodeOf(message), "PGRST106");
  message.headers.clear();
  EXPECT_EQ(CodeOf(message), "PGRST117");
  message.method = "POST";
  EXPECT_EQ(CodeOf(message), "PGRST100");
  message.query = "limit=-1";
  EXPECT_EQ(CodeOf(message), "PGRST103");
  message.query = "";
  EXPECT_EQ(CodeOf(message), "PGRST102");
  message.body = "{}";
  EXPECT_EQ(CodeOf(message), "accepted");
}

TEST(Request, HonoursTheRangeHeaderOnGetOnly) {
  Message message{.headers = {{"Range-Unit", "items"}, {"Range", "5-9"}}};
  const Result<Request> get = message.send();
  ASSERT_EQ(get->query.windows.size(), 1u);
  EXPECT_EQ(Show(get->query.windows[0].value), "5@5");
  message.method = "HEAD";
  EXPECT_THAT(message.send()->query.windows, IsEmpty());
  message.method = "PUT";
  message.body = "{}";
  EXPECT_THAT(message.send()->query.windows, IsEmpty());
}

TEST(Request, RefusesConditionsOnPost) {
  for (const char* name : {"If-Match", "If-None-Match"}) {
    for (const char* path : {"/rest/v1/items", "/rest/v1/rpc/add"}) {
      EXPECT_EQ(CodeOf({.method = "POST", .path = path, .headers = {{name, "*"}}, .body = "{}"}), "PANDO2012") << path;
    }
    EXPECT_EQ(CodeOf({.method = "PATCH", .headers = {{name, "*"}}, .body = "{}"}), "accepted");
    EXPECT_EQ(CodeOf({.method = "DELETE", .headers = {{name, "*"}}}), "accepted");
  }
}

TEST(Request, RefusesARangeThatItCannotHonour) {
  EXPECT_EQ(CodeOf({.headers = {{"Range", "0-1, 3-4"}}}), "PANDO2012");
  EXPECT_EQ(CodeOf({.headers = {{"Range", "0-1"}, {"Range", "3-4"}}}), "PANDO2012");
  EXPECT_EQ(CodeOf({.method = "DELETE", .headers = {{"Range", "0-0"}}}), "PANDO2012");
  EXPECT_EQ(CodeOf({.method = "PATCH", .headers = {{"Range", "0-0"}}, .body = "{}"}), "PANDO2012");
  EXPECT_EQ(CodeOf({.headers = {{"Range", "bytes=0-99"}}}), "accepted");
}

TEST(Request, RefusesLimitAndOffsetOnPut) {
  Message put{.method = "PUT", .query = "limit=1", .body = "{}"};
  const Result<Request> request = put.send();
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code(), "PGRST114");
  EXPECT_EQ(request.error().message(), "limit/offset querystring parameters are not allowed for PUT");
  put.query = "offset=3";
  EXPECT_EQ(CodeOf(put), "PGRST114");
  put.query = "tasks.limit=1";
  EXPECT_EQ(CodeOf(put), "PANDO2012");
  put.headers = {{"Prefer", "return=representation"}};
  EXPECT_EQ(CodeOf(put), "accepted");
}

TEST(Request, ReadsArgumentsOfAFunctionFromTheQueryOfAGet) {
  const Result<Request> get = Message{.path = "/rest/v1/rpc/f", .query = "a=1&b=gt.2"}.send();
  EXPECT_THAT(get->query.arguments, ElementsAre(Pair("a", "1")));
  EXPECT_EQ(get->query.filters.size(), 1u);
  EXPECT_EQ(CodeOf({.method = "POST", .path = "/rest/v1/rpc/f", .query = "a=1"}), "PGRST100");
}

TEST(Request, ReadsTheBodyWhereThereIsOne) {
  EXPECT_EQ((Message{.method = "POST", .body = "{}"}.send()->payload.kind), Payload::Kind::kJsonObject);
  EXPECT_EQ((Message{.method = "POST", .path = "/rest/v1/rpc/f"}.send()->payload.text), "{}");
  EXPECT_EQ((Message{.method = "DELETE", .body = "}{"}.send()->payload.kind), Payload::Kind::kNone);
  EXPECT_EQ((Message{.method = "GET", .path = "/rest/v1/rpc/f", .body = "}{"}.send()->payload.kind),
            Payload::Kind::kNone);
  EXPECT_EQ(CodeOf({.method = "POST"}), "PGRST102");
  EXPECT_EQ(CodeOf({.method = "PATCH", .headers = {{"Content-Type", "text/plain"}}, .body = "x"}), "PGRST102");
  EXPECT_EQ(CodeOf({.method = "POST", .query = "columns=a", .body = R"([{"a":1},{"b":2}])"}), "accepted");
}

TEST(Request, RefusesCompressedBodies) {
  const auto code = [](const std::string& coding, const std::string& method = "POST") {
    return CodeOf({.method = method, .headers = {{"Content-Encoding", coding}}, .body = "[]"});
  };
  for (const char* coding : {"gzip", "GZIP", "identity, br", "deflate,", "zstd"}) EXPECT_EQ(code(coding), "PANDO2014");
  EXPECT_EQ(code("gzip", "PATCH"), "PANDO2014");
  for (const char* coding : {"identity", "Identity", "", " , "}) EXPECT_EQ(code(coding), "accepted") << coding;
  EXPECT_EQ(code("gzip", "DELETE"), "accepted");  // nothing looks at its body
}

TEST(Request, JoinsRepeatedHeaders) {
  const Result<Request> request = Message{
      .headers = {
          {"Accept", "text/csv;q=0.5"},
          {"accept", "application/json"},
          {"Prefer", "count=exact"},
          {"prefer", "tx=commit"}}}.send();
  ASSERT_EQ(request->accept.size(), 2u);
  EXPECT_EQ(request->accept[0].kind, MediaType::Kind::kJson);
  EXPECT_EQ(request->preferences.count, PreferCount::kExact);
  EXPECT_THAT(request->preferences.invalid, ElementsAre("tx=commit"));
}

}  // namespace
}  // namespace pando::rest
