#include "auth/claims.h"

#include <gtest/gtest.h>

namespace pando::auth {
namespace {

constexpr int64_t kNow = 1'700'000'000;

// "ok", or the message of the refusal.
std::string Check(std::string payload, std::optional<std::string> audience = std::nullopt) {
  const RolePath path = RolePath::Parse(".role").value();
  Result<Claims> claims = CheckClaims(std::move(payload), audience, path, kNow);
  if (claims) return "ok";
  EXPECT_EQ(claims.error().id(), ErrorId::kInvalidClaims);
  return claims.error().message();
}

std::string At(std::string_view name, int64_t seconds) {
  return "{\"" + std::string(name) + "\":" + std::to_string(seconds) + "}";
}

TEST(Claims, AllowThirtySecondsOfClockSkew) {
  EXPECT_EQ(Check(At("exp", kNow - 30)), "ok");
  EXPECT_EQ(Check(At("exp", kNow - 31)), "JWT expired");
  EXPECT_EQ(Check(At("nbf", kNow + 30)), "ok");
  EXPECT_EQ(Check(At("nbf", kNow + 31)), "JWT not yet valid");
  EXPECT_EQ(Check(At("iat", kNow + 30)), "ok");
  EXPECT_EQ(Check(At("iat", kNow + 31)), "JWT issued at future");
}

TEST(Claims, TakeAnyNumberAsATime) {
  EXPECT_EQ(Check(R"({"exp":1700000000.5})"), "ok");
  EXPECT_EQ(Check(R"({"exp":1.7e9})"), "ok");
  EXPECT_EQ(Check(R"({"exp":1e300})"), "ok");
  EXPECT_EQ(Check(R"({"exp":-1e300})"), "JWT expired");
  EXPECT_EQ(Check(R"({"exp":18446744073709551615})"), "ok");
  EXPECT_EQ(Check(R"({"exp":null})"), "ok");
}

TEST(Claims, RefuseATimeThatIsNoNumber) {
  EXPECT_EQ(Check(R"({"exp":"1"})"), "The JWT 'exp' claim must be a number");
  EXPECT_EQ(Check(R"({"nbf":true})"), "The JWT 'nbf' claim must be a number");
  EXPECT_EQ(Check(R"({"iat":[]})"), "The JWT 'iat' claim must be a number");
}

TEST(Claims, ReportTheFirstThatIsWrong) {
  EXPECT_EQ(Check(R"({"nbf":"x","exp":1,"aud":7})"), "JWT expired");
  EXPECT_EQ(Check(R"({"nbf":"x","aud":7})"), "The JWT 'nbf' claim must be a number");
}

TEST(Claims, MustNameTheAudienceOnlyIfOneIsConfigured) {
  EXPECT_EQ(Check(R"({"aud":"them"})"), "ok");
  EXPECT_EQ(Check(R"({"aud":"us"})", "us"), "ok");
  EXPECT_EQ(Check(R"({"aud":["them","us"]})", "us"), "ok");
  EXPECT_EQ(Check(R"({"aud":[]})", "us"), "ok");
  EXPECT_EQ(Check(R"({"aud":null})", "us"), "ok");
  EXPECT_EQ(Check(R"({})", "us"), "ok");
  EXPECT_EQ(Check(R"({"aud":""})", "us"), "JWT not in audience");
  EXPECT_EQ(Check(R"({"aud":"them"})", "us"), "JWT not in audience");
  EXPECT_EQ(Check(R"({"aud":["them"]})", "us"), "JWT not in audience");
}

TEST(Claims, RefuseAnAudienceOfAnotherTypeAlsoWhenNoneIsConfigured) {
  const std::string message = "The JWT 'aud' claim must be a string or an array of strings";
  EXPECT_EQ(Check(R"({"aud":{"a":"b"}})"), message);
  EXPECT_EQ(Check(R"({"aud":["us",1]})", "us"), message);
}

TEST(Claims, RefuseWhatIsNotOneJsonObject) {
  for (std::string payload : {"", "[]", "7", "{", "{}{}", "{\"a\":\"\xff\"}"}) {
    EXPECT_EQ(Check(payload), "Parsing claims failed") << payload;
  }
}

TEST(Claims, RefuseARepeatedName) {
  EXPECT_EQ(Check(R"({"role":"a","role":"b"})"), "Parsing claims failed");
  EXPECT_EQ(Check(R"({"role":"a","r\u006fle":"b"})"), "Parsing claims failed");
}

TEST(Claims, RefuseDeepNesting) {
  const std::string open(1000, '[');
  const std::string close(1000, ']');
  EXPECT_EQ(Check("{\"a\":" + open + close + "}"), "Parsing claims failed");
}

TEST(Claims, RefuseARoleThatPostgresWouldCutShort) {
  EXPECT_EQ(Check(R"({"role":"service_role\u0000x"})"), "Parsing claims failed");
}

TEST(Claims, NameTheSubjectWithItsIssuer) {
  const RolePath path = RolePath::Parse(".role").value();
  const auto subject = [&](std::string payload) {
    return CheckClaims(std::move(payload), std::nullopt, path, kNow).value().subject;
  };
  EXPECT_EQ(subject(R"({"role":"a"})"), "");
  EXPECT_EQ(subject(R"({"sub":null})"), "");
  EXPECT_EQ(subject(R"({"sub":"","iss":"i"})"), "");
  EXPECT_NE(subject(R"({"sub":"s","iss":"i"})"), "");
  EXPECT_EQ(subject(R"({"sub":"s","iss":"i","exp":1900000000})"), subject(R"({"iss":"i","sub":"s"})"));
  EXPECT_NE(subject(R"({"sub":"s","iss":"i"})"), subject(R"({"sub":"s","iss":"j"})"));
  EXPECT_NE(subject(R"({"sub":"1"})"), subject(R"({"sub":1})"));
}

TEST(Claims, FindTheRole) {
  const RolePath path = RolePath::Parse(".role").value();
  const auto role = [&](std::string payload) {
    return CheckClaims(std::move(payload), std::nullopt, path, kNow).value().role;
  };
  EXPECT_EQ(role(R"({"role":"author"})"), "author");
  EXPECT_EQ(role(R"({"role":["a","b"]})"), R"(["a","b"])");
  EXPECT_EQ(role(R"({"role":null})"), "null");
  EXPECT_EQ(role("{}"), std::nullopt);
}

TEST(WithRole, KeepsClaimsAsTheyAreAndAddsTheRole) {
  EXPECT_EQ(WithRole("{}", "anon"), R"({"role":"anon"})");
  EXPECT_EQ(WithRole(R"({ "sub" : "a b", "n" : [ 1.50, 12345678901234567890123 ] })", "anon"),
            R"({"sub":"a b","n":[1.50,12345678901234567890123],"role":"anon"})");
}

TEST(WithRole, ReplacesARoleThatIsAlreadyThere) {
  EXPECT_EQ(WithRole(R"({"role":null,"x":{"role":"inner"}})", R"(a"b)"), R"({"role":"a\"b","x":{"role":"inner"}})");
}

TEST(WithRole, IsNotConfusedByStringsThatLookLikeJson) {
  EXPECT_EQ(WithRole(R"({"a":"}\",{ \\","b":"[,"})", "r"), R"({"a":"}\",{ \\","b":"[,","role":"r"})");
}

}  // namespace
}  // namespace pando::auth
