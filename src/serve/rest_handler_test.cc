#include "serve/rest_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "net/test_loop.h"
#include "plan/test_catalog.h"
#include "serve/fake_database.h"
#include "serve/test_rows.h"

namespace pando::serve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

constexpr unsigned kInt = 23, kText = 25;

pg::Rows Tasks(const std::vector<std::vector<const char*>>& values) {
  return MakeRows({{"id", kInt}, {"name", kText}}, values);
}

FakeDatabase::Answers Only(pg::Rows rows) {
  std::vector<pg::Rows> all;
  all.push_back(std::move(rows));
  return all;
}

// The row of a write without a representation: rows shown, body, rows written.
pg::Rows Written(const char* count) { return MakeRows({{"", 20}, {"", kText}, {"", 20}}, {{count, "", count}}); }

class RestHandlerTest : public testing::Test {
 protected:
  RestHandlerTest() { Serve(nullptr); }

  // With a cache of `cacheables`, if any.
  void Serve(std::shared_ptr<const dependencies::Cacheables> cacheables,
             std::shared_ptr<const KnownUntil> known = nullptr) {
    RestOptions options;
    options.prefix = "/";
    options.client_error_verbosity = verbosity_;
    options.pre_request = pre_request_;
    CacheParts cache;
    if (cacheables) {
      cache.store = &store_;
      cache.fresh_at = [this] { return fresh_at_; };
      cache.counts = &counts_;
      cache.own_writes = &own_writes_;
    }
    Result<std::unique_ptr<auth::Verifier>> verifier = auth::Verifier::Create(auth::AuthOptions());
    auto config = MakeConfig(options, std::move(*verifier), plan::TestCatalog(), std::move(cacheables), known);
    handler_ = std::make_unique<RestHandler>(
        RestHandler::Deps{database_, worker_, documents_, print_memory_, denied_log_, std::move(cache)},
        std::move(config));
  }

  struct Exchange {
    http::Request request;
    http::Response response;
  };

  static Exchange Request(std::string method, std::string target, std::string body = "") {
    Exchange exchange;
    exchange.request.method = std::move(method);
    exchange.request.target = std::move(target);
    exchange.request.body = std::move(body);
    exchange.request.received_at = Clock::now();
    exchange.request.deadline = Deadline::After(std::chrono::seconds(10));
    return exchange;
  }

  // Returns whether the request needed a coroutine.
  bool Handle(Exchange& exchange) {
    std::optional<Task<void>> task = handler_->Handle(exchange.request, exchange.response);
    if (!task) return false;
    loop_.Run(std::move(*task));
    return true;
  }

  http::Response Ask(std::string method, std::string target, std::string body = "",
                     const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    Exchange exchange = Request(std::move(method), std::move(target), std::move(body));
    for (const auto& [name, value] : headers) exchange.request.headers.Add(name, value);
    Handle(exchange);
    return std::move(exchange.response);
  }

  // The same read so often that its shape is known.
  void Acquaint(const std::string& target) {
    for (int i = 0; i < 2; ++i) {
      database_.AnswerShared(Tasks({{"1", "one"}}));
      Ask("GET", target);
    }
  }

  // The statement of an exchange.
  std::string SqlOf(size_t exchange) const {
    return std::string(database_.exchanges[exchange].commands.back().sql.view());
  }

  test::TestLoop loop_;
  FakeDatabase database_;
  net::Worker worker_{loop_.executor(), 10};
  OpenApiDocuments documents_;
  PrintMemory print_memory_;
  DeniedLog denied_log_;
  cache::Store store_{cache::StoreOptions()};
  CacheCounts counts_;
  OwnWrites own_writes_;
  Clock::time_point fresh_at_ = Clock::now() + std::chrono::hours(1);
  std::string verbosity_ = "verbose";
  std::optional<std::string> pre_request_;
  std::unique_ptr<RestHandler> handler_;
};

TEST_F(RestHandlerTest, AReadByKeyTravelsWithOthers) {
  database_.AnswerShared(Tasks({{"1", "one"}}));
  const http::Response response = Ask("GET", "/tasks?id=eq.1&select=id,name");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"([{"id":1,"name":"one"}])");
  EXPECT_EQ(response.route, "tasks");
  EXPECT_EQ(response.role, "anon");
  EXPECT_THAT(database_.lanes, ElementsAre(Database::Lane::kKeys));
  EXPECT_THAT(database_.exchanges, IsEmpty());
}

TEST_F(RestHandlerTest, WhatALaneDoesNotRunGoesAlone) {
  database_.AnswerShared(pg::LaneAnswer());
  database_.AnswerAlone(Only(Tasks({{"1", "one"}})));
  EXPECT_EQ(Ask("GET", "/tasks?id=eq.1&select=id,name").body, R"([{"id":1,"name":"one"}])");
  ASSERT_EQ(database_.opened.size(), 1u);
  EXPECT_EQ(database_.opened[0].purpose, pg::Purpose::kRead);
  EXPECT_EQ(database_.opened[0].wanted.role, "anon");
}

TEST_F(RestHandlerTest, AnUnknownNameNeedsNoDatabase) {
  const http::Response response = Ask("GET", "/nothing");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("PGRST205"));
  EXPECT_THAT(database_.opened, IsEmpty());
}

TEST_F(RestHandlerTest, AReadRunsAgainWhenItsConnectionBreaks) {
  database_.AnswerAlone(Error(ErrorId::kDatabaseConnectionLost, "gone"));
  database_.AnswerAlone(Only(Tasks({{"1", "one"}})));
  EXPECT_EQ(Ask("GET", "/tasks?select=id,name").status, 200);
  EXPECT_EQ(database_.exchanges.size(), 2u);
}

TEST_F(RestHandlerTest, AReadRunsTwiceAtMost) {
  database_.AnswerAlone(Error(ErrorId::kDatabaseConnectionLost, "gone"));
  database_.AnswerAlone(Error(ErrorId::kDatabaseConnectionLost, "gone"));
  EXPECT_EQ(Ask("GET", "/tasks?select=id,name").status, 503);
}

TEST_F(RestHandlerTest, AWriteNeverRunsAgain) {
  database_.AnswerAlone(Error(ErrorId::kDatabaseConnectionLost, "gone"));
  EXPECT_EQ(Ask("DELETE", "/tasks?name=eq.x").status, 503);
  EXPECT_EQ(database_.exchanges.size(), 1u);
  EXPECT_EQ(database_.opened[0].purpose, pg::Purpose::kWrite);
}

TEST_F(RestHandlerTest, TooManyRowsAreTakenBackBeforeTheCommit) {
  for (const auto& [affected, status, commit] : {std::tuple("3", 400, false), std::tuple("2", 204, true)}) {
    database_.AnswerAlone(Only(Written(affected)));
    const http::Response response =
        Ask("DELETE", "/tasks?name=eq.x", "", {{"Prefer", "handling=strict, max-affected=2"}});
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(database_.commits.back(), commit);
  }
}

TEST_F(RestHandlerTest, WhatOnlyTheDatabaseCanPrintIsAskedForOnceMore) {
  constexpr unsigned kOfAUser = 99'999;  // the column's type has changed
  database_.AnswerAlone(Only(MakeRows({{"id", kOfAUser}, {"name", kText}}, {{"x", "one"}})));
  database_.AnswerAlone(Only(MakeRows({{"", 20}, {"", kText}}, {{"1", R"([{"id":"x"}])"}})));
  EXPECT_EQ(Ask("GET", "/tasks?select=id,name").body, R"([{"id":"x"}])");
  ASSERT_EQ(database_.exchanges.size(), 2u);
  EXPECT_THAT(SqlOf(0), Not(HasSubstr("json_agg")));
  EXPECT_THAT(SqlOf(1), HasSubstr("json_agg"));
  // The next one begins with that.
  database_.AnswerAlone(Only(MakeRows({{"", 20}, {"", kText}}, {{"1", "[]"}})));
  Ask("GET", "/tasks?select=id,name");
  EXPECT_THAT(SqlOf(2), HasSubstr("json_agg"));
}

TEST_F(RestHandlerTest, AnUnknownSchemaMakesARequestCautious) {
  Serve(nullptr, std::make_shared<KnownUntil>(Clock::now() - std::chrono::seconds(1)));
  database_.AnswerAlone(Only(Tasks({{"1", "one"}})));
  EXPECT_EQ(Ask("GET", "/tasks?id=eq.1&select=id,name").status, 200);
  EXPECT_THAT(database_.lanes, IsEmpty());
  EXPECT_TRUE(database_.opened[0].by_key);  // from the connections that are set apart for such reads
  EXPECT_TRUE(database_.exchanges[0].leaves_traces);
  EXPECT_FALSE(database_.exchanges[0].commands.back().prepare);
}

// ------------------------------------------------------------------------------------------------- a missing privilege

class DeniedTest : public RestHandlerTest {
 protected:
  static constexpr const char* kGrant = "GRANT SELECT ON public.tasks TO anon;";

  // The answer of the database to what is asked about a denial.
  static FakeDatabase::Answers Lacks() {
    return Only(MakeRows({{"", 16}, {"", kText}, {"", 16}, {"", kText}, {"", kText}},
                         {{"t", "public.tasks", "t", "SELECT", kGrant}}));
  }

  static Error Denied() { return Error::FromDatabase("42501", "permission denied for table tasks"); }

  static Task<void> Admit(RestHandler& handler, Exchange& exchange, bool& admitted) {
    admitted = co_await handler.AdmitBody(exchange.request, exchange.response);
  }

  http::Response AskDenied(std::string target = "/tasks?id=eq.1") {
    database_.AnswerShared(Denied());
    return Ask("GET", std::move(target));
  }
};

TEST_F(DeniedTest, HasAHintThatTheDatabaseConfirmed) {
  database_.AnswerAlone(Lacks());
  const http::Response response = AskDenied();
  EXPECT_EQ(response.status, 401);
  EXPECT_THAT(response.body, HasSubstr(std::string("A privilege is missing: ") + kGrant));
  EXPECT_EQ(response.route, "tasks");
  ASSERT_EQ(database_.opened.size(), 1u);
  EXPECT_EQ(database_.opened[0].purpose, pg::Purpose::kRead);
  EXPECT_EQ(database_.opened[0].wanted.role, "anon");
  EXPECT_EQ(database_.opened[0].wanted.search_path, "pg_catalog");
}

TEST_F(DeniedTest, IsAskedAboutOnceInASecond) {
  database_.AnswerAlone(Lacks());
  for (int i = 0; i < 3; ++i) EXPECT_THAT(AskDenied().body, HasSubstr(kGrant));
  // Another question about the same refusal has to wait.
  EXPECT_THAT(AskDenied("/tasks?id=eq.1&select=name").body, Not(HasSubstr("GRANT")));
  EXPECT_EQ(database_.opened.size(), 1u);
}

TEST_F(DeniedTest, HasNoStatementWhileAnotherIsAskedAbout) {
  database_.held = std::make_shared<net::Event>();
  database_.AnswerAlone(Lacks());
  database_.AnswerShared(Denied());
  Exchange first = Request("GET", "/tasks?id=eq.1");
  boost::asio::co_spawn(loop_.executor(), std::move(*handler_->Handle(first.request, first.response)),
                        boost::asio::detached);
  loop_.Poll();
  const http::Response second = AskDenied("/tasks?id=eq.1&select=name");
  EXPECT_EQ(second.status, 401);
  EXPECT_THAT(second.body, HasSubstr("A privilege on table tasks is missing, which the request needs"));
  database_.held->Set();
  loop_.Poll();
  EXPECT_THAT(first.response.body, HasSubstr(kGrant));
  EXPECT_EQ(database_.opened.size(), 1u);
}

TEST_F(DeniedTest, KeepsItsStatusWhenTheQuestionFails) {
  database_.AnswerAlone(Error(ErrorId::kRequestDeadline, "too late"));
  for (int i = 0; i < 2; ++i) {
    const http::Response response = AskDenied();
    EXPECT_EQ(response.status, 401);
    EXPECT_THAT(response.body, HasSubstr("A privilege on table tasks is missing, which the request needs"));
  }
  EXPECT_EQ(database_.opened.size(), 1u);
}

TEST_F(DeniedTest, IsAskedAboutForTheLogWhereErrorsAreNotVerbose) {
  verbosity_ = "postgrest";
  Serve(nullptr);
  database_.AnswerAlone(Lacks());
  for (int i = 0; i < 2; ++i) EXPECT_THAT(AskDenied().body, HasSubstr("\"hint\":null"));
  EXPECT_EQ(database_.opened.size(), 1u);
}

TEST_F(DeniedTest, IsNotAskedAboutWhereThePreRequestMayChangeTheRole) {
  pre_request_ = "check";
  Serve(nullptr);
  database_.AnswerAlone(Denied());
  EXPECT_THAT(Ask("GET", "/tasks?id=eq.1").body, HasSubstr("which the request needs, or something that it uses"));
  EXPECT_EQ(database_.opened.size(), 1u);  // for the statement
}

TEST_F(DeniedTest, IsAskedAboutWhereALongBodyIsRefused) {
  Exchange exchange = Request("POST", "/tasks");
  database_.AnswerShared(MakeRows({{"", kText}}, {{"thing"}}));
  database_.AnswerAlone(Lacks());
  bool admitted = true;
  loop_.Run(Admit(*handler_, exchange, admitted));
  EXPECT_FALSE(admitted);
  EXPECT_EQ(exchange.response.status, 401);
  EXPECT_EQ(exchange.response.route, "tasks");
  EXPECT_THAT(exchange.response.body, HasSubstr(kGrant));
}

TEST_F(RestHandlerTest, AnErrorOfPostgresqlHasItsStatus) {
  database_.AnswerAlone(Error::FromDatabase("22012", "division by zero"));
  EXPECT_EQ(Ask("GET", "/tasks?select=id").status, 400);
  EXPECT_THAT(database_.lanes, IsEmpty());
}

// ------------------------------------------------------------------------------------------------------- with a cache

class StoredAnswersTest : public RestHandlerTest {
 protected:
  static constexpr const char* kTarget = "/tasks?id=eq.1&select=id,name";

  StoredAnswersTest() {
    auto cacheables = std::make_shared<dependencies::Cacheables>();
    cacheables->tables[3] = {7, true, {}};  // tasks
    cacheables->bracket = std::make_shared<const pg::LaneBracket>();
    Serve(std::move(cacheables));
    store_.Settle(*cache::Snapshot::Parse("90:90:"));
  }

  // With what proves that the answer may be stored.
  static pg::LaneAnswer Proven(pg::Rows rows, const char* snapshot = "100:100:", const char* is_same_schema = "t") {
    auto bracket = std::make_shared<pg::LaneBracketRows>();
    bracket->before = MakeRows({{"", kText}}, {{snapshot}});
    bracket->after = MakeRows({{"", 16}}, {{is_same_schema}});
    pg::LaneAnswer answer;
    answer.rows = std::move(rows);
    answer.bracket = std::move(bracket);
    return answer;
  }

  // Asks until the shape is remembered and the answer was asked for before.
  void AskUntilStored() {
    for (int i = 0; i < 4; ++i) {
      database_.AnswerShared(Proven(Tasks({{"1", "one"}})));
      if (Ask("GET", kTarget).headers.Find("Cache-Status") == "pando; fwd=uri-miss; stored") return;
    }
    FAIL() << "it was not stored";
  }
};

TEST_F(StoredAnswersTest, AreGivenWithoutACoroutine) {
  AskUntilStored();
  const size_t asked = database_.lanes.size();
  Exchange exchange = Request("GET", kTarget);
  EXPECT_FALSE(Handle(exchange));
  EXPECT_EQ(exchange.response.status, 200);
  EXPECT_EQ(exchange.response.ready_body, R"([{"id":1,"name":"one"}])");
  EXPECT_EQ(database_.lanes.size(), asked);
  EXPECT_EQ(counts_.hits.value(), 1u);
}

TEST_F(StoredAnswersTest, AreNotGivenWhenTheStreamIsBehind) {
  AskUntilStored();
  fresh_at_ = Clock::now() - std::chrono::hours(1);
  database_.AnswerShared(Proven(Tasks({{"1", "two"}})));
  EXPECT_EQ(Ask("GET", kTarget).body, R"([{"id":1,"name":"two"}])");
}

TEST_F(StoredAnswersTest, AreNotStoredWithoutProof) {
  Acquaint(kTarget);
  Acquaint(kTarget);
  for (const auto& [snapshot, is_same] : {std::pair("no snapshot", "t"), std::pair("100:100:", "f")}) {
    database_.AnswerShared(Proven(Tasks({{"1", "one"}}), snapshot, is_same));
    EXPECT_THAT(Ask("GET", kTarget).headers.Find("Cache-Status"), Optional(std::string_view("pando; fwd=uri-miss")));
  }
  EXPECT_EQ(counts_.Lost(Unproven::kReplica).value(), 1u);
  EXPECT_EQ(counts_.Lost(Unproven::kSchema).value(), 1u);
}

TEST_F(StoredAnswersTest, OfOneKindAreAskedForOnce) {
  Acquaint(kTarget);
  Acquaint(kTarget);
  database_.AnswerShared(pg::LaneAnswer());  // goes alone
  std::vector<pg::Rows> all;
  all.push_back(MakeRows({{"", kText}}, {{"100:100:"}}));
  all.push_back(Tasks({{"1", "one"}}));
  all.push_back(MakeRows({{"", 16}}, {{"t"}}));
  database_.AnswerAlone(std::move(all));
  database_.held = std::make_shared<net::Event>();
  Exchange first = Request("GET", kTarget), second = Request("GET", kTarget);
  for (Exchange* exchange : {&first, &second}) {
    boost::asio::co_spawn(loop_.executor(), std::move(*handler_->Handle(exchange->request, exchange->response)),
                          boost::asio::detached);
  }
  loop_.Poll();
  EXPECT_EQ(database_.opened.size(), 1u);
  database_.held->Set();
  loop_.Poll();
  EXPECT_EQ(first.response.body, R"([{"id":1,"name":"one"}])");
  EXPECT_EQ(second.response.ready_body, R"([{"id":1,"name":"one"}])");
  EXPECT_EQ(database_.opened.size(), 1u);
  EXPECT_EQ(counts_.joined.value(), 1u);
}

TEST_F(StoredAnswersTest, AWriteHasAPositionThatItsCallerMaySend) {
  AskUntilStored();
  database_.AnswerAlone(Only(Written("1")));
  const http::Response written = Ask("DELETE", "/tasks?name=eq.x");
  const auto position = written.headers.Find("Pando-Position");
  ASSERT_TRUE(position);
  fresh_at_ = Clock::now() - std::chrono::milliseconds(500);  // young, and before the write
  database_.AnswerShared(Tasks({{"1", "two"}}));
  EXPECT_EQ(Ask("GET", kTarget, "", {{"Pando-Position", std::string(*position)}}).body, R"([{"id":1,"name":"two"}])");
}

}  // namespace
}  // namespace pando::serve
