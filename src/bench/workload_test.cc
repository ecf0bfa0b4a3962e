#include "bench/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace pando::bench {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

Parameter Numbers(const std::string& name, int64_t first, uint64_t count) {
  Parameter parameter;
  parameter.name = name;
  parameter.first = first;
  parameter.sampler = Sampler::Uniform(count);
  return parameter;
}

Parameter Texts(const std::string& name, std::vector<std::string> values) {
  Parameter parameter;
  parameter.name = name;
  parameter.sampler = Sampler::Uniform(values.size());
  parameter.values = std::move(values);
  return parameter;
}

RequestSpec Get(const std::string& path) {
  RequestSpec spec;
  spec.name = path;
  spec.path = path;
  return spec;
}

Result<Workload> Make(std::vector<Parameter> parameters, const std::vector<RequestSpec>& requests) {
  return Workload::Make(std::move(parameters), requests, {{"apikey", "secret"}}, "server:8080");
}

std::string First(const Workload& workload) {
  RequestMaker maker(workload, 1, 0, 1);
  std::string bytes;
  maker.Make(bytes);
  return bytes;
}

TEST(WorkloadTest, RendersARequestAsItGoesOut) {
  const Workload workload = Make({Numbers("id", 7, 1)}, {Get("/items?id=eq.${id}")}).value();
  EXPECT_EQ(First(workload), "GET /items?id=eq.7 HTTP/1.1\r\nHost: server:8080\r\napikey: secret\r\n\r\n");
}

TEST(WorkloadTest, ABodyHasItsLength) {
  RequestSpec post = Get("/items");
  post.method = "POST";
  post.headers = {{"Content-Type", "application/json"}};
  post.body = R"({"id": ${id}, "again": ${id}})";
  const std::string bytes = First(Make({Numbers("id", 12345, 1)}, {post}).value());
  EXPECT_THAT(bytes, HasSubstr("Content-Length: 29\r\n\r\n"));
  EXPECT_THAT(bytes, EndsWith(R"({"id": 12345, "again": 12345})"));
}

TEST(WorkloadTest, AnEmptyPostSaysSo) {
  RequestSpec post = Get("/rpc/touch");
  post.method = "POST";
  EXPECT_THAT(First(Make({}, {post}).value()), EndsWith("Content-Length: 0\r\n\r\n"));
}

TEST(WorkloadTest, ValuesArePercentEncodedInThePathOnly) {
  RequestSpec post = Get("/items?name=eq.${name}");
  post.method = "POST";
  post.body = "${name}";
  const std::string bytes = First(Make({Texts("name", {"a b&c/é"})}, {post}).value());
  EXPECT_THAT(bytes, HasSubstr("/items?name=eq.a%20b%26c%2F%C3%A9 HTTP"));
  EXPECT_THAT(bytes, EndsWith("\r\n\r\na b&c/é"));
}

TEST(WorkloadTest, KindsComeByWeight) {
  std::vector<RequestSpec> specs = {Get("/a"), Get("/b"), Get("/c")};
  specs[0].weight = 70;
  specs[1].weight = 30;
  specs[2].weight = 0;
  const Workload workload = Make({}, specs).value();
  RequestMaker maker(workload, 1, 0, 1);
  std::map<uint32_t, int> counts;
  std::string bytes;
  for (int i = 0; i < 10'000; ++i) ++counts[maker.Make(bytes)];
  EXPECT_NEAR(counts[0], 7000, 200);
  EXPECT_EQ(counts[2], 0);
}

TEST(WorkloadTest, SequencesOfSeveralThreadsDoNotMeet) {
  Parameter sequence = Numbers("n", 100, 1);
  sequence.is_sequence = true;
  const Workload workload = Make({sequence}, {Get("/${n}")}).value();
  std::set<std::string> seen;
  for (uint32_t thread = 0; thread < 3; ++thread) {
    RequestMaker maker(workload, 1, thread, 3);
    std::string bytes;
    for (int i = 0; i < 10; ++i) {
      maker.Make(bytes);
      seen.insert(bytes);
    }
  }
  EXPECT_EQ(seen.size(), 30u);
  EXPECT_THAT(*seen.begin(), HasSubstr("GET /100 "));
}

TEST(WorkloadTest, TheSameSeedMakesTheSameRequests) {
  const Workload workload = Make({Numbers("id", 1, 1'000'000)}, {Get("/${id}")}).value();
  RequestMaker one(workload, 5, 0, 1), same(workload, 5, 0, 1), other(workload, 6, 0, 1);
  std::string a, b, c;
  one.Make(a), same.Make(b), other.Make(c);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(WorkloadTest, AnUnknownParameterIsToldTheNearest) {
  const auto made = Make({Numbers("item_id", 1, 1)}, {Get("/${item_di}")});
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().ToString(), HasSubstr("did you mean \"item_id\"?"));
}

TEST(WorkloadTest, WhatCannotBeSentIsRefused) {
  RequestSpec lower = Get("/");
  lower.method = "get";
  RequestSpec split = Get("/");
  split.headers = {{"X", "a\r\nHost: b"}};
  RequestSpec negative = Get("/");
  negative.weight = -1;
  RequestSpec weightless = Get("/");
  weightless.weight = 0;
  for (const RequestSpec& spec : {Get("items"), Get("/a b"), Get("/${id"), lower, split, negative, weightless}) {
    EXPECT_FALSE(Make({Numbers("id", 1, 1)}, {spec}).has_value()) << spec.path;
  }
  EXPECT_FALSE(Make({}, {}).has_value());
}

TEST(WorkloadTest, StatusesAreExpectedAsDeclared) {
  RequestSpec either = Get("/");
  either.expected = {200, 404};
  const Workload workload = Make({}, {Get("/"), either}).value();
  EXPECT_TRUE(workload.kinds()[0].Expects(302));
  EXPECT_FALSE(workload.kinds()[0].Expects(404));
  EXPECT_TRUE(workload.kinds()[1].Expects(404));
  EXPECT_FALSE(workload.kinds()[1].Expects(201));
}

}  // namespace
}  // namespace pando::bench
