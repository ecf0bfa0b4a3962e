#include "auth/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "auth/base64url.h"
#include "auth/signature.h"
#include "auth/test_signer.h"
#include "telemetry/log.h"

namespace pando::auth {
namespace {

using std::chrono::seconds;
using Time = std::chrono::system_clock::time_point;

constexpr std::string_view kSecret = "reallyreallyreallyreallyverysafe";
// Just before the tokens of RFC 7515 expire.
const Time kThen = Time(seconds(1'300'819'000));
const Time kNow = Time(seconds(1'700'000'000));

// RFC 7515, appendix A: the same payload, {"iss":"joe","exp":1300819380,"http://example.com/is_root":true}.
#define RFC7515_PAYLOAD \
  ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
constexpr std::string_view kA1Key =
    R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})";
constexpr std::string_view kA1Token =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" RFC7515_PAYLOAD "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr std::string_view kA2Key =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4)"
    R"(d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS)"
    R"(-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91)"
    R"(kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})";
constexpr std::string_view kA2Token =
    "eyJhbGciOiJSUzI1NiJ9" RFC7515_PAYLOAD
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1"
    "dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzD"
    "wusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe7"
    "7Rw";
constexpr std::string_view kA3Key = R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                                    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
constexpr std::string_view kA3Token =
    "eyJhbGciOiJFUzI1NiJ9" RFC7515_PAYLOAD
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
constexpr std::string_view kPayloadClaims =
    R"({"iss":"joe","exp":1300819380,"http://example.com/is_root":true,"role":"anon"})";

AuthOptions WithSecret(std::string_view secret) {
  AuthOptions options;
  options.jwt_secret = Secret(std::string(secret));
  return options;
}

class VerifierTest : public testing::Test {
 protected:
  void Start(const AuthOptions& options) {
    Result<std::unique_ptr<Verifier>> made = Verifier::Create(options);
    ASSERT_TRUE(made.has_value()) << made.error().ToString();
    verifier_ = std::move(*made);
  }

  Result<std::shared_ptr<const Principal>> Bearer(std::string_view token, Time now = kNow) {
    return verifier_->Authenticate("Bearer " + std::string(token), std::nullopt, now);
  }

  // The message of the refusal; "role: claims" when there is none.
  std::string Outcome(std::string_view token, Time now = kNow) {
    auto answer = Bearer(token, now);
    return answer ? (*answer)->role + ": " + (*answer)->claims_json : answer.error().message();
  }

  std::unique_ptr<Verifier> verifier_;
};

std::string TokenWithHeader(std::string_view header, std::string_view claims, std::string_view secret,
                            Algorithm algorithm = Algorithm::kHs256) {
  std::string token = EncodeBase64Url(header) + "." + EncodeBase64Url(claims);
  return token + "." + EncodeBase64Url(SignHmac(algorithm, token, secret));
}

TEST_F(VerifierTest, VerifiesTheTokensOfRfc7515) {
  for (auto [key, token] : {std::pair(kA1Key, kA1Token), {kA2Key, kA2Token}, {kA3Key, kA3Token}}) {
    Start(WithSecret(key));
    EXPECT_EQ(Outcome(token, kThen), "anon: " + std::string(kPayloadClaims)) << token;
    EXPECT_EQ(Outcome(token, kNow), "JWT expired") << token;
  }
}

TEST_F(VerifierTest, RefusesEachTokenOfRfc7515WithOneByteChanged) {
  for (auto [key, token] : {std::pair(kA1Key, kA1Token), {kA2Key, kA2Token}, {kA3Key, kA3Token}}) {
    Start(WithSecret(key));
    std::string forged(token);
    char& character = forged[forged.rfind('.') + 3];
    character = character == 'A' ? 'B' : 'A';
    EXPECT_EQ(Outcome(forged, kThen), "No suitable key or wrong key type") << token;
  }
}

TEST_F(VerifierTest, VerifiesAllHmacAlgorithmsWithATextSecret) {
  Start(WithSecret(kSecret));
  EXPECT_EQ(Outcome(TokenWithHeader(R"({"alg":"HS256"})", R"({"role":"a"})", kSecret)), R"(a: {"role":"a"})");
  EXPECT_EQ(Outcome(TokenWithHeader(R"({"alg":"HS384"})", R"({"role":"a"})", kSecret, Algorithm::kHs384)),
            R"(a: {"role":"a"})");
  EXPECT_EQ(Outcome(TokenWithHeader(R"({"alg":"HS512"})", R"({"role":"a"})", kSecret, Algorithm::kHs512)),
            R"(a: {"role":"a"})");
  EXPECT_EQ(Outcome(TokenWithHeader(R"({"alg":"HS512"})", R"({"role":"a"})", kSecret, Algorithm::kHs256)),
            "No suitable key or wrong key type");
}

TEST_F(VerifierTest, VerifiesTheOtherRsaAlgorithms) {
  const TestSigner signer = TestSigner::Rsa();
  Start(WithSecret(signer.Jwk()));
  for (const char* algorithm : {"RS384", "RS512", "PS256", "PS384", "PS512"}) {
    EXPECT_EQ(Outcome(signer.Sign(algorithm, R"({"role":"a"})")), R"(a: {"role":"a"})") << algorithm;
  }
  EXPECT_EQ(Outcome(signer.Sign("RS256", R"({"role":"a"})", R"({"alg":"PS256"})")),
            "No suitable key or wrong key type");
}

TEST_F(VerifierTest, NeverTakesAPublicKeyForAnHmacSecret) {
  Start(WithSecret(kA2Key));
  auto answer = Bearer(TokenWithHeader(R"({"alg":"HS256"})", R"({"role":"a"})", kA2Key));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().message(), "No suitable key or wrong key type");
  EXPECT_EQ(answer.error().detail(), "No suitable key was found to decode the JWT");
}

TEST_F(VerifierTest, RefusesUnsignedAndUnknownAlgorithms) {
  Start(WithSecret(kSecret));
  const std::string claims = EncodeBase64Url(R"({"role":"a"})");
  for (std::string_view header : {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"HS1"})", R"({"alg":7})", "{}"}) {
    EXPECT_EQ(Outcome(EncodeBase64Url(header) + "." + claims + "."), "Wrong or unsupported encoding algorithm")
        << header;
  }
  EXPECT_EQ(Bearer(EncodeBase64Url(R"({"alg":"none"})") + "." + claims + ".").error().detail(),
            "JWT is unsecured but expected 'alg' was not 'none'");
}

TEST_F(VerifierTest, NamesWhatIsWrongWithTheForm) {
  Start(WithSecret(kSecret));
  EXPECT_EQ(Outcome(""), "Empty JWT is sent in Authorization header");
  EXPECT_EQ(Outcome("a.b"), "Expected 3 parts in JWT; got 2");
  EXPECT_EQ(Outcome("a.b.c.d.e"), "Expected 3 parts in JWT; got 5");
  EXPECT_EQ(Outcome("a.b.c"), "JWT cryptographic operation failed");
  EXPECT_EQ(Outcome(TokenWithHeader(R"({"alg":"HS256","crit":["x"],"x":1})", "{}", kSecret)),
            "Wrong or unsupported encoding algorithm");
  EXPECT_EQ(Outcome(TokenWithHeader(R"({"alg":"HS256"})", std::string(20'000, 'x'), kSecret)),
            "The JWT is larger than 16 KiB");
  EXPECT_EQ(Outcome(SignToken("not json", kSecret)), "Parsing claims failed");
}

TEST_F(VerifierTest, SaysThatItHasNoSecret) {
  Start(AuthOptions());
  auto answer = Bearer(SignToken("{}", kSecret));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().id(), ErrorId::kNoJwtSecret);
  EXPECT_EQ(answer.error().message(), "Server lacks JWT secret");
  EXPECT_EQ(answer.error().hint(),
            "Set auth.jwt_secret to the secret or the keys that the tokens are signed with, or send no token.");
}

TEST_F(VerifierTest, TakesTheSchemeInAnyCaseAndIgnoresOthers) {
  Start(WithSecret(kSecret));
  const std::string token = SignToken(R"({"role":"a"})", kSecret);
  EXPECT_EQ(verifier_->Authenticate("bEaReR   " + token, std::nullopt, kNow).value()->role, "a");
  EXPECT_EQ(verifier_->Authenticate("Basic " + token, std::nullopt, kNow).value()->role, "anon");
  EXPECT_EQ(verifier_->Authenticate("Bearers " + token, std::nullopt, kNow).value()->role, "anon");
  EXPECT_EQ(verifier_->Authenticate("Bearer", std::nullopt, kNow).error().message(),
            "Empty JWT is sent in Authorization header");
}

TEST_F(VerifierTest, TakesATokenFromTheApiKeyUnlessThereIsABearer) {
  Start(WithSecret(kSecret));
  const std::string a = SignToken(R"({"role":"a"})", kSecret);
  const std::string b = SignToken(R"({"role":"b"})", kSecret);
  EXPECT_EQ(verifier_->Authenticate(std::nullopt, a, kNow).value()->role, "a");
  EXPECT_EQ(verifier_->Authenticate("Bearer " + b, a, kNow).value()->role, "b");
  EXPECT_EQ(verifier_->Authenticate(std::nullopt, "sb_publishable_x", kNow).value()->role, "anon");
}

TEST_F(VerifierTest, GivesAnonymousCallersOneSharedPrincipal) {
  Start(WithSecret(kSecret));
  auto first = verifier_->Authenticate(std::nullopt, std::nullopt, kNow).value();
  auto second = verifier_->Authenticate(std::nullopt, std::nullopt, kNow).value();
  EXPECT_EQ(first.get(), second.get());
  EXPECT_TRUE(first->anonymous);
  EXPECT_EQ(first->claims_json, R"({"role":"anon"})");
}

TEST_F(VerifierTest, RefusesCallersWithoutARoleWhenAnonymousAccessIsDisabled) {
  AuthOptions options = WithSecret(kSecret);
  options.anonymous_role = std::nullopt;
  Start(options);
  EXPECT_EQ(verifier_->Authenticate(std::nullopt, std::nullopt, kNow).error().id(), ErrorId::kAnonymousDisabled);
  EXPECT_EQ(Bearer(SignToken("{}", kSecret)).error().message(), "Anonymous access is disabled");
}

TEST_F(VerifierTest, CallsThoseAnonymousWhoHaveTheAnonymousRoleAndNoSubject) {
  Start(WithSecret(kSecret));
  const auto caller = [&](std::string_view claims) { return *Bearer(SignToken(claims, kSecret)); };
  for (const char* claims : {R"({"role":"anon"})", R"({"iss":"site","role":"anon","exp":1900000000})", R"({"id":7})",
                             R"({"role":"anon","sub":null})", R"({"role":"anon","sub":""})"}) {
    EXPECT_TRUE(caller(claims)->anonymous) << claims;
    EXPECT_TRUE(caller(claims)->has_anonymous_role) << claims;
  }
  for (const char* claims : {R"({"sub":"x"})", R"({"role":"anon","sub":"x"})", R"({"role":"anon","sub":7})"}) {
    EXPECT_FALSE(caller(claims)->anonymous) << claims;
    EXPECT_TRUE(caller(claims)->has_anonymous_role) << claims;
  }
  EXPECT_FALSE(caller(R"({"role":"a"})")->anonymous);
  EXPECT_FALSE(caller(R"({"role":"a"})")->has_anonymous_role);
  EXPECT_NE(caller(R"({"sub":"x"})")->caller, caller(R"({"sub":"y"})")->caller);
}

TEST_F(VerifierTest, TakesAClaimThatIsNoStringForARoleOfItsText) {
  AuthOptions options = WithSecret(kSecret);
  options.anonymous_role = "anon";
  Start(options);
  for (const char* value : {"null", "7", "true", "[]"}) {
    const auto answer = Bearer(SignToken(R"({"role":)" + std::string(value) + "}", kSecret));
    ASSERT_TRUE(answer.has_value()) << value;
    EXPECT_EQ((*answer)->role, value);
    EXPECT_FALSE((*answer)->anonymous) << value;
  }
  EXPECT_EQ(Bearer(SignToken("{}", kSecret)).value()->role, "anon");
}

TEST_F(VerifierTest, RefusesARoleThatNamesNoneAsPostgresDoes) {
  AuthOptions options = WithSecret(kSecret);
  for (const char* path : {".role", ".app_metadata.roles[0]"}) {
    options.role_claim_key = path;
    Start(options);
    for (const std::string& role :
         {std::string(), std::string("  "), std::string("\\t\\n"), std::string("none"), std::string(64, 'a')}) {
      const std::string claims = R"({"role":")" + role + R"(","app_metadata":{"roles":[")" + role + "\"]}}";
      auto answer = Bearer(SignToken(claims, kSecret));
      ASSERT_FALSE(answer.has_value()) << claims;
      EXPECT_EQ(answer.error().sqlstate(), "22023") << claims;
      EXPECT_THAT(answer.error().message(), testing::StartsWith("role \"")) << claims;
      EXPECT_THAT(answer.error().message(), testing::EndsWith("\" does not exist")) << claims;
    }
    EXPECT_EQ(Outcome(SignToken(R"({"role":"a\u0000b","app_metadata":{"roles":["a\u0000b"]}})", kSecret)),
              "Parsing claims failed");
  }
}

TEST(VerifierCreate, RefusesAnAnonymousRoleThatNamesNone) {
  for (const std::string& role : {std::string(), std::string(" "), std::string("none"), std::string("anon\0", 5)}) {
    AuthOptions options;
    options.anonymous_role = role;
    Result<std::unique_ptr<Verifier>> made = Verifier::Create(options);
    ASSERT_FALSE(made.has_value()) << role;
    EXPECT_EQ(made.error().id(), ErrorId::kConfigInvalid);
    EXPECT_THAT(made.error().message(), testing::HasSubstr("auth.anonymous_role"));
  }
}

TEST(VerifierCreate, LogsEachKeyThatItDoesNotUseOnce) {
  std::vector<std::string> lines;
  telemetry::SetLogSink([&lines](std::string_view line) { lines.emplace_back(line); });
  const Result<std::unique_ptr<Verifier>> made =
      Verifier::Create(WithSecret("[" + std::string(kA2Key) + R"(,{"kty":"EC","crv":"P-255","kid":"odd"}])"));
  telemetry::SetLogSink({});
  ASSERT_TRUE(made.has_value());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], testing::HasSubstr("auth.key_unused: the key \"odd\" of auth.jwt_secret is not used: "));
}

TEST(SigningSecretTest, IsTheTextThatVerifies) {
  EXPECT_EQ(SigningSecret(WithSecret(kSecret))->reveal(), kSecret);
  AuthOptions options = WithSecret(EncodeBase64Url(kSecret));
  options.jwt_secret_is_base64 = true;
  EXPECT_EQ(SigningSecret(options)->reveal(), kSecret);
  const std::string array = "[" + std::string(kA2Key) + "]";
  for (std::string_view keys : {std::string_view(""), kA1Key, kA2Key, std::string_view(array)}) {
    EXPECT_EQ(SigningSecret(WithSecret(keys)).error().id(), ErrorId::kNoJwtSecret) << keys;
  }
  EXPECT_EQ(SigningSecret(WithSecret(TestSigner::Rsa().Pem())).error().id(), ErrorId::kConfigInvalid);
}

TEST_F(VerifierTest, RemembersATokenOnlyWithinItsTimes) {
  Start(WithSecret(kSecret));
  const int64_t now = std::chrono::duration_cast<seconds>(kNow.time_since_epoch()).count();
  const std::string token = SignToken(
      "{\"role\":\"a\",\"nbf\":" + std::to_string(now) + ",\"exp\":" + std::to_string(now + 60) + "}", kSecret);

  const auto first = Bearer(token).value();
  EXPECT_EQ(Bearer(token).value().get(), first.get());
  EXPECT_EQ(Bearer(token, kNow + seconds(90)).value().get(), first.get());
  EXPECT_EQ(Outcome(token, kNow + seconds(91)), "JWT expired");
  EXPECT_EQ(Bearer(token).value()->role, "a");
  EXPECT_EQ(Outcome(token, kNow - seconds(31)), "JWT not yet valid");
}

TEST_F(VerifierTest, TriesEachFittingKeyOfASetUnlessTheTokenNamesOne) {
  const std::string other = "another secret of enough characters";
  Start(WithSecret(R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","kid":"e"},)"
                   R"({"kty":"oct","kid":"one","k":")" +
                   EncodeBase64Url(other) +
                   R"("},)"
                   R"({"kty":"oct","kid":"two","k":")" +
                   EncodeBase64Url(kSecret) + R"("}]})"));
  EXPECT_EQ(Outcome(TokenWithHeader(R"({"alg":"HS256"})", R"({"role":"a"})", kSecret)), R"(a: {"role":"a"})");
  EXPECT_EQ(Outcome(TokenWithHeader(R"({"alg":"HS256","kid":"two"})", R"({"role":"a"})", kSecret)),
            R"(a: {"role":"a"})");
  EXPECT_EQ(Bearer(TokenWithHeader(R"({"alg":"HS256","kid":"one"})", "{}", kSecret)).error().detail(),
            "None of the keys was able to decode the JWT");
  EXPECT_EQ(Bearer(TokenWithHeader(R"({"alg":"HS256","kid":"three"})", "{}", kSecret)).error().detail(),
            "No suitable key was found to decode the JWT");
}

TEST_F(VerifierTest, HoldsAKeyToItsOwnAlgorithm) {
  Start(WithSecret(R"({"kty":"oct","alg":"HS512","k":")" + EncodeBase64Url(kSecret) + "\"}"));
  EXPECT_EQ(Outcome(TokenWithHeader(R"({"alg":"HS256"})", R"({"role":"a"})", kSecret)),
            "No suitable key or wrong key type");
  EXPECT_EQ(Outcome(TokenWithHeader(R"({"alg":"HS512"})", R"({"role":"a"})", kSecret, Algorithm::kHs512)),
            R"(a: {"role":"a"})");
}

TEST_F(VerifierTest, DecodesABase64Secret) {
  AuthOptions options = WithSecret(EncodeBase64Url(kSecret) + "=");
  options.jwt_secret_is_base64 = true;
  Start(options);
  EXPECT_EQ(Outcome(SignToken(R"({"role":"a"})", kSecret)), R"(a: {"role":"a"})");
}

TEST_F(VerifierTest, ReadsTheSecretFromAFileWithoutItsLastNewline) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("pando_secret." + std::to_string(getpid()));
  std::ofstream(path) << kSecret << "\n";
  Start(WithSecret("@" + path.string()));
  std::filesystem::remove(path);
  EXPECT_EQ(Outcome(SignToken(R"({"role":"a"})", kSecret)), R"(a: {"role":"a"})");
}

TEST(VerifierCreate, RefusesSecretsThatAreUnsafeOrUnreadable) {
  const std::string oct = R"({"kty":"oct","k":"c2hvcnQ"})";
  for (std::string_view secret :
       {std::string_view("short"), std::string_view("@/no/such/file"), std::string_view(oct),
        std::string_view(R"({"kty":"RSA","n":"AQAB","e":"AQAB"})"),
        std::string_view(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})"), std::string_view(R"({"keys":[]})"),
        std::string_view("{\"kty\":\"RSA\", a public key with a typing mistake in its JSON}"),
        std::string_view("-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")}) {
    Result<std::unique_ptr<Verifier>> made = Verifier::Create(WithSecret(secret));
    ASSERT_FALSE(made.has_value()) << secret;
    EXPECT_EQ(made.error().id(), ErrorId::kConfigInvalid) << secret;
    EXPECT_THAT(made.error().ToString(), testing::Not(testing::HasSubstr("BIjANBgk")));
  }
}

TEST(ConstantTimeEquals, ComparesLengthAndBytes) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_TRUE(ConstantTimeEquals("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEquals("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEquals("abc", "ab"));
}

std::string KeyOf(std::vector<std::pair<std::string, std::string>> claims, const std::vector<std::string>& names) {
  Principal principal;
  principal.claims = std::move(claims);
  for (const auto& [name, value] : principal.claims) principal.claims_json += name + "=" + value + ";";
  std::string key;
  AppendClaims(principal, names, key);
  return key;
}

TEST(AppendClaimsTest, TellsCallersApartByWhatTheyClaimUnderThoseNamesAlone) {
  const std::vector<std::string> sub = {"sub"};
  EXPECT_EQ(KeyOf({{"exp", "1"}, {"sub", R"("a")"}}, sub), KeyOf({{"exp", "2"}, {"sub", R"("a")"}}, sub));
  const std::vector<std::string> keys = {
      KeyOf({{"exp", "1"}}, sub),        KeyOf({{"exp", "1"}, {"sub", "null"}}, sub),
      KeyOf({{"sub", R"("")"}}, sub),    KeyOf({{"sub", R"("1")"}}, sub),
      KeyOf({{"sub", "1"}}, sub),        KeyOf({{"sub", R"("null")"}}, sub),
      KeyOf({{"sub", R"(["1"])"}}, sub),
  };
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), keys.size());

  const std::vector<std::string> two = {"a", "b"};
  EXPECT_NE(KeyOf({{"a", "1"}, {"b", "12"}}, two), KeyOf({{"a", "11"}, {"b", "2"}}, two));
  EXPECT_NE(KeyOf({{"a", "1"}}, two), KeyOf({{"b", "1"}}, two));
  const std::vector<std::string> all = {std::string(kAllClaims)};
  EXPECT_NE(KeyOf({{"a", "1"}, {"b", "1"}}, all), KeyOf({{"a", "1"}, {"b", "2"}}, all));
}

TEST_F(VerifierTest, ClaimsAreSplitUnlessJsonbRefusesThem) {
  constexpr std::string_view kSecret = "reallyreallyreallyreallyverysafe";
  Start(WithSecret(kSecret));
  const auto claims_of = [&](std::string_view claims) {
    const auto principal = Bearer(SignToken(claims, kSecret));
    std::string told;
    if (!principal) return told;
    for (const auto& [name, value] : (*principal)->claims) told += name + "=" + value + " ";
    return told;
  };
  EXPECT_EQ(claims_of(R"({"sub":"me","n":1.50})"), R"(n=1.50 role="anon" sub="me" )");
  EXPECT_EQ(claims_of(R"({"sub":"m\u0000e"})"), "");
}

}  // namespace
}  // namespace pando::auth
