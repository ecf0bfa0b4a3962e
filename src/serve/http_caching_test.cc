#include "serve/http_caching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "catalog/observed.h"

namespace pando::serve {
namespace {

using std::string_view;
using testing::HasSubstr;
using testing::Optional;

http::Response Answer(std::string body) {
  http::Response response;
  response.headers.Add("Content-Type", "application/json; charset=utf-8");
  response.body = std::move(body);
  return response;
}

http::Request Asking(std::string method, std::vector<http::Headers::Field> headers) {
  http::Request request;
  request.method = std::move(method);
  for (auto& [name, value] : headers) request.headers.Add(std::move(name), std::move(value));
  return request;
}

class FreshnessTest : public testing::Test {
 protected:
  FreshnessTest() {
    items_.name = {"api", "items"};
    makers_.name = {"api", "makers"};
    plan_.action = rest::Action::kRead;
    plan_.footprint = catalog::kNoFootprint;
    plan_.read.relation = &items_;
  }
  catalog::Relation items_, makers_;
  plan::Plan plan_;
  RestOptions options_;
};

TEST_F(FreshnessTest, AnswersMustBeRevalidated) {
  EXPECT_EQ(FreshnessOf(plan_, options_).anonymous.Find("Cache-Control"), "public, no-cache");
  EXPECT_EQ(FreshnessOf(plan_, options_).signed_in.Find("Cache-Control"), "private, no-cache");
}

TEST_F(FreshnessTest, NamesAllThatAnAnswerDependsOn) {
  const http::Headers told = FreshnessOf(plan_, options_).signed_in;
  for (const char* name : {"Authorization", "apikey", "Origin", "Accept", "Accept-Profile", "Prefer", "Range"}) {
    EXPECT_THAT(std::string(told.Find("Vary").value_or("")), HasSubstr(name));
  }
}

TEST_F(FreshnessTest, WhatLooksAtTheCallerIsPrivate) {
  plan_.footprint.observes = catalog::Observed::kClaims;
  EXPECT_EQ(FreshnessOf(plan_, options_).anonymous.Find("Cache-Control"), "private, no-cache");
  plan_.footprint = catalog::kNoFootprint;
  plan_.footprint.leaves_traces = true;
  EXPECT_EQ(FreshnessOf(plan_, options_).anonymous.Find("Cache-Control"), "private, no-cache");
  plan_.footprint = catalog::kNoFootprint;
  options_.pre_request = "check";
  EXPECT_EQ(FreshnessOf(plan_, options_).anonymous.Find("Cache-Control"), "private, no-cache");
}

TEST_F(FreshnessTest, ListedRelationsMayAge) {
  options_.max_age = std::chrono::seconds(90);
  options_.max_age_relations = {"items"};
  EXPECT_EQ(FreshnessOf(plan_, options_).anonymous.Find("Cache-Control"), "public, max-age=90");
  EXPECT_EQ(FreshnessOf(plan_, options_).signed_in.Find("Cache-Control"), "private, max-age=90");
  options_.max_age_relations = {"api.items"};
  EXPECT_EQ(FreshnessOf(plan_, options_).anonymous.Find("Cache-Control"), "public, max-age=90");
  options_.max_age_relations = {"other.items"};
  EXPECT_EQ(FreshnessOf(plan_, options_).anonymous.Find("Cache-Control"), "public, no-cache");
}

TEST_F(FreshnessTest, AllOfAnAnswerMustBeListed) {
  options_.max_age_relations = {"items"};
  plan::Embed embed;
  embed.node.relation = &makers_;
  plan_.read.embeds.push_back(std::move(embed));
  EXPECT_EQ(FreshnessOf(plan_, options_).anonymous.Find("Cache-Control"), "public, no-cache");
  options_.max_age_relations = {"items", "makers"};
  EXPECT_EQ(FreshnessOf(plan_, options_).anonymous.Find("Cache-Control"), "public, max-age=60");
}

std::string TagOf(string_view content_type, string_view body) { return std::string(ETag(content_type, body).text()); }

TEST(ETagTest, IsThatOfTheBytesAndTheirType) {
  EXPECT_EQ(TagOf("application/json", "[]"), TagOf("application/json", "[]"));
  EXPECT_NE(TagOf("application/json", "[]"), TagOf("text/csv", "[]"));
  EXPECT_NE(TagOf("application/json", "[]"), TagOf("application/json", "[ ]"));
}

// Servers of one service, and those of the next version, must agree.
TEST(ETagTest, IsTheSameEverywhere) {
  EXPECT_EQ(TagOf("application/json; charset=utf-8", "[]"), "\"dfcdf9bd447fbfffdf5a0cc27723ab7e\"");
}

http::Headers ToldToCaches() {
  http::Headers told;
  told.Add("Vary", "Accept");
  told.Add("Cache-Control", "public, no-cache");
  return told;
}

TEST(CachingHeadersTest, AreAddedWhereAFunctionHasNot) {
  http::Response response = Answer("[]");
  AddCachingHeaders(ToldToCaches(), false, response);
  EXPECT_THAT(response.headers.Find("Cache-Control"), Optional(string_view("public, no-cache")));
  EXPECT_THAT(response.headers.Find("ETag"), Optional(string_view(TagOf("application/json; charset=utf-8", "[]"))));
  EXPECT_THAT(response.headers.Find("Vary"), Optional(string_view("Accept")));
  response = Answer("[]");
  response.headers.Add("Cache-Control", "no-store");
  response.headers.Add("ETag", "\"mine\"");
  response.headers.Add("Vary", "X-Mine");
  AddCachingHeaders(ToldToCaches(), false, response);
  EXPECT_EQ(response.headers.size(), 4u);
  EXPECT_THAT(response.headers.Find("Cache-Control"), Optional(string_view("no-store")));
}

TEST(CachingHeadersTest, WithoutABodyThereIsNoTag) {
  http::Response response = Answer("");
  AddCachingHeaders(ToldToCaches(), true, response);
  EXPECT_FALSE(response.headers.Find("ETag"));
  response = Answer("");
  response.status = 204;
  AddCachingHeaders(ToldToCaches(), false, response);
  EXPECT_FALSE(response.headers.Find("ETag"));
}

TEST(ConditionsTest, IfNoneMatchSparesTheCallerWhatHeHas) {
  const auto ask = [](const char* method, const char* tags, bool exists = true) {
    return EvaluateConditions(Asking(method, {{"If-None-Match", tags}}), "\"a\"", exists);
  };
  EXPECT_EQ(ask("GET", "\"a\""), Condition::kNotModified);
  EXPECT_EQ(ask("GET", "W/\"a\""), Condition::kNotModified);
  EXPECT_EQ(ask("GET", "\"b\""), Condition::kHolds);
  EXPECT_EQ(ask("PATCH", "\"a\""), Condition::kFails);
  EXPECT_EQ(ask("PUT", "*"), Condition::kFails);
  EXPECT_EQ(ask("PUT", "*", false), Condition::kHolds) << "only where there is nothing yet";
}

TEST(ConditionsTest, IfMatchIsStrong) {
  const auto ask = [](const char* tags, bool exists = true) {
    return EvaluateConditions(Asking("PATCH", {{"If-Match", tags}}), "\"a\"", exists);
  };
  EXPECT_EQ(ask("\"a\""), Condition::kHolds);
  EXPECT_EQ(ask("\"b\", \"a\""), Condition::kHolds);
  EXPECT_EQ(ask("W/\"a\""), Condition::kFails);
  EXPECT_EQ(ask("\"b\""), Condition::kFails);
  EXPECT_EQ(ask("*"), Condition::kHolds);
  EXPECT_EQ(ask("*", false), Condition::kFails);
  EXPECT_EQ(EvaluateConditions(Asking("PATCH", {}), "\"a\"", true), Condition::kHolds);
}

TEST(ConditionsTest, AnAnswerBecomesA304OrA412) {
  http::Response response = Answer("[]");
  response.headers.Add("ETag", "\"a\"");
  AnswerConditionally(Asking("GET", {{"If-None-Match", "\"a\""}}), "\"a\"", response);
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.sent_body(), "");
  EXPECT_TRUE(response.headers.Find("ETag"));

  response = Answer("[]");
  response.route = "items";
  AnswerConditionally(Asking("GET", {{"If-Match", "\"b\""}}), "\"a\"", response);
  EXPECT_EQ(response.status, 412);
  EXPECT_EQ(response.route, "items");

  response = Answer("[]");
  AnswerConditionally(Asking("GET", {{"If-None-Match", "\"b\""}}), "\"a\"", response);
  EXPECT_EQ(response.status, 200);
  AnswerConditionally(Asking("HEAD", {{"If-None-Match", "\"a\""}}), "\"a\"", response);
  EXPECT_EQ(response.status, 200);
  AnswerConditionally(Asking("GET", {{"If-None-Match", "*"}}), "", response);
  EXPECT_EQ(response.status, 200) << "without a tag of its own";
}

}  // namespace
}  // namespace pando::serve
