#include "auth/key_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "auth/test_signer.h"
#include "auth/token.h"
#include "auth/verifier.h"

namespace pando::auth {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kClaims = R"({"role":"a"})";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Result<KeySet> Parse(std::string secret, bool base64 = false) {
  return KeySet::Parse(Secret(std::move(secret)), base64);
}

// "" when the token verifies, else the detail of the refusal.
std::string Refusal(const KeySet& keys, std::string_view token) {
  const Result<std::string> payload = VerifyToken(token, keys);
  return payload ? "" : payload.error().detail().value_or(payload.error().message());
}

std::string SetOf(const std::vector<std::string>& keys) {
  std::string set = R"({"keys":[)";
  for (const std::string& key : keys) set += (set.ends_with('[') ? "" : ",") + key;
  return set + "]}";
}

constexpr const char* kNoKey = "No suitable key was found to decode the JWT";
constexpr const char* kNotVerified = "None of the keys was able to decode the JWT";

TEST(KeySetTest, TakesKeysInEachFormOfJson) {
  const TestSigner signer = TestSigner::Ec("P-256");
  const TestSigner other = TestSigner::Rsa();
  const std::string set = SetOf({other.Jwk(), signer.Jwk()});
  const std::string array = "[" + other.Jwk() + ", " + signer.Jwk() + "]";
  for (const std::string& secret :
       {signer.Jwk(), set, array, " \r\n\t" + array, array + "\n\n", std::string(kByteOrderMark) + signer.Jwk(),
        std::string(kByteOrderMark) + set, std::string(kByteOrderMark) + "\n" + array}) {
    const Result<KeySet> keys = Parse(secret);
    ASSERT_TRUE(keys.has_value()) << secret << keys.error().ToString();
    EXPECT_EQ(Refusal(*keys, signer.Sign("ES256", kClaims)), "") << secret;
    // Who knows the public text cannot sign with it.
    for (const std::string& known : {secret, signer.Jwk(), signer.Pem(), std::string(kByteOrderMark) + secret}) {
      EXPECT_EQ(Refusal(*keys, SignToken(kClaims, known)), kNoKey) << secret;
    }
  }
}

TEST(KeySetTest, ReadsAFileWithOrWithoutAByteOrderMark) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("pando_keys." + std::to_string(getpid()))).string();
  const TestSigner signer = TestSigner::Ec("P-256");
  for (const std::string& start : {std::string(), std::string(kByteOrderMark)}) {
    for (const std::string& name : {"@" + path, " @" + path + "\n"}) {
      std::ofstream(path) << start << SetOf({signer.Jwk()}) << "\r\n";
      EXPECT_EQ(Refusal(*Parse(name), signer.Sign("ES256", kClaims)), "");
      std::ofstream(path) << start << "reallyreallyreallyreallyverysafe\n";
      EXPECT_EQ(Refusal(*Parse(name), SignToken(kClaims, "reallyreallyreallyreallyverysafe")), "");
    }
  }
  std::filesystem::remove(path);
}

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

// With its line breaks written as in a variable's value.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// In UTF-16, the higher byte first.
std::string Wide(std::string_view text) {
  std::string wide;
  for (const char c : text) wide.append(1, '\0').append(1, c);
  return wide;
}

// Keys in the forms that other programs print them in.
void AddEncodedKeys(const std::string& der, const std::string& ssh, const std::string& point,
                    std::map<std::string, std::string>& texts) {
  texts["0x" + Hex(der)] = texts["\\x" + Hex(der)] = texts["\\x" + Hex(ssh)] = "JWK";
  texts["%73%73%68-rsa%20" + EncodeBase64Url(ssh)] = texts["%4D" + EncodeBase64Url(der).substr(1)] = "JWK";
  // A bundle of certificates (PKCS #7), with the identifier of signed data in front.
  const std::string inside = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02" + der;
  const std::string header = {'\x30', '\x82', static_cast<char>(inside.size() >> 8), static_cast<char>(inside.size())};
  texts[header + inside] = texts[EncodeBase64Url(header + inside)] = "JWK";
  // What `gpg --export` prints: keys of Ed25519 and of RSA.
  const std::string ed = "\x98\x33\x04\x65\x01\x02\x03\x16\x09\x2B\x06\x01\x04\x01\xDA\x47\x0F\x01\x01\x07\x40" + point;
  const std::string rsa = std::string("\x99\x01\x0D\x04\x65\x01\x02\x03\x01\x08\x00", 11) + std::string(261, '\x5A');
  for (const std::string& pgp : {ed, rsa}) texts[pgp] = texts[EncodeBase64Url(pgp)] = "JWK";
}

// What others know, or what only says where the keys are, and a word of the advice that is given.
std::map<std::string, std::string> PublicTexts() {
  const TestSigner rsa = TestSigner::Rsa(), ec = TestSigner::Ec("P-256"), ed = TestSigner::Ed25519();
  std::map<std::string, std::string> texts;
  for (const TestSigner& signer : {rsa, ec, ed}) {
    const std::string pem = signer.Pem(), der = signer.Der(), jwk = signer.Jwk();
    for (const std::string& one :
         {pem, "\n\n \t" + pem, "\v\f" + pem, "'" + pem + "'", "Public-Key: (2048 bit)\n" + pem,
          std::string(kByteOrderMark) + pem, EncodeBase64Url(pem)}) {
      texts[one] = "JWK";
    }
    texts[der] = texts[EncodeBase64Url(der)] = texts["\n" + EncodeBase64Url(der) + "=="] = "JWK";
    texts["'" + EncodeBase64Url(der) + "'"] = "JWK";
    texts["'" + jwk + "'"] = texts["\"" + jwk + "\""] = texts["keys: " + jwk] = texts["'[" + jwk + "]'"] = "JWK";
    texts[EncodeBase64Url(jwk)] = texts[EncodeBase64Url(SetOf({jwk}))] = "JSON";
    texts["{" + jwk] = texts["[" + jwk] = texts[jwk + jwk] = texts["[[" + jwk + "]]"] = "JWK";
  }
  for (const char* type : {"CERTIFICATE", "RSA PUBLIC KEY", "EC PRIVATE KEY", "PRIVATE KEY", "PGP PUBLIC KEY BLOCK"}) {
    texts["  -----BEGIN " + std::string(type) + "-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"] = "JWK";
  }
  texts["---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2EAAAADAQABAAABgQC7"] = "JWK";
  texts["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 me@here"] = "JWK";
  texts[" \n ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGQw me@here"] = "JWK";
  texts["no-pty ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY me@here"] = "JWK";
  texts["https://id.example.com/.well-known/jwks.json"] = "URL";
  texts[" HTTP://id.example.com/realms/app/protocol/certs"] = "URL";
  texts["\"file:///etc/pando/secret-of-the-tokens\""] = "URL";
  texts["/etc/pando/secrets/jwt_secret_of_production"] = "@";
  texts["./secrets/jwt_secret_of_production.json"] = "@";
  texts["secrets/keys-of-the-identity-provider.json"] = "@";
  texts["~/pando/secrets/jwt-secret-of-production"] = "@";
  texts["short.pem"] = "@";
  const std::string ssh = std::string("\0\0\0\x07ssh-rsa\0\0\0\x03\1\0\1\0\0\1\1", 22) + std::string(257, '\x5A');
  texts["ssh-rsa\t" + EncodeBase64Url(ssh)] = texts[EncodeBase64Url(ssh)] = texts[ssh] = "JWK";
  const std::string point = ec.Der().substr(ec.Der().size() - 65), hex = Hex(rsa.Der());
  texts[point] = texts[EncodeBase64Url(point)] = texts[Hex(point)] = "JWK";
  texts[hex] = texts[Hex(rsa.Pem())] = texts[EncodeBase64Url(EncodeBase64Url(rsa.Der()))] = "JWK";
  texts["key: " + EncodeBase64Url(rsa.Der())] = texts["key: " + EncodeBase64Url(ed.Der()) + ";"] = "JWK";
  texts[Escaped(rsa.Pem())] = texts[Escaped(rsa.Pem().substr(27))] = "JWK";
  texts["keys:\n  - kty: RSA\n    e: AQAB\n    n: u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffA"] = "JWK";
  texts["k={'kty': 'RSA', 'e': 'AQAB', 'n': 'u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffA'}"] = "JWK";
  texts["%7B%22kty%22%3A%22RSA%22%2C%22e%22%3A%22AQAB%22%2C%22n%22%3A%22u1SU1LfVLPHCozM%22%7D"] = "JWK";
  texts[EncodeBase64Url(R"({"jwks_uri":"id.example.com/keys","issuer":"me"})")] = "JSON";
  texts["<RSAKeyValue><Modulus>u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0t</Modulus></RSAKeyValue>"] = "JWK";
  texts["<!DOCTYPE html>\n<html><body><h1>404 Not Found</h1></body></html>\n"] = "JWK";
  texts["jwks_uri: https://id.example.com/keys and so on"] = texts["<https://id.example.com/of-all-keys>"] = "URL";
  texts["https:\\/\\/id.example.com\\/.well-known\\/jwks"] = "URL";
  texts["//id.example.com/realms/app/protocol/certs"] = texts["id.example.com/realms/app/protocol/certs"] = "URL";
  texts["localhost:8080/realms/app/protocol/certs"] = texts["keycloak:443/realms/app/protocol/certs"] = "URL";
  AddEncodedKeys(rsa.Der(), ssh, point, texts);
  texts["data:application/jwk-set+json;base64,e30"] = texts["did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKL"] = "URL";
  texts["arn:aws:secretsmanager:eu-west-1:123456789012:secret:jwt"] = "URL";
  texts["/run/secrets/jwtsecretofproduction"] = texts["C:\\keys\\the keys of the identity provider"] = "@";
  texts["the keys of the identity provider.json"] = texts["$HOME/keysoftheidentityprovider"] = "@";
  texts["\"@/run/secrets/jwtsecretofproduction\""] = "without quotes";
  texts[std::string(40, ' ')] = texts["\"" + std::string(40, ' ') + "\"\n"] = "blank";
  const std::string token = SignToken(R"({"role":"anon"})", "the secret that signed it, long enough");
  texts["Bearer " + token] = texts["KEY=" + token + "\n"] = "token";
  texts[Wide(ec.Jwk())] = texts["\xFE\xFF" + Wide(ec.Pem())] = "UTF-8";
  texts[SignToken(R"({"role":"anon","iss":"site"})", "the secret that signed it, long enough")] = "token";
  texts[std::string("\xFF\xFE{\0\"\0k\0", 8) + std::string(40, '\0')] = "UTF-8";
  return texts;
}

TEST(KeySetTest, NeverTakesForASecretWhatOthersKnow) {
  for (const auto& [text, advice] : PublicTexts()) {
    for (const bool base64 : {false, true}) {
      const Result<KeySet> keys = Parse(text, base64);
      ASSERT_FALSE(keys.has_value()) << text;
      EXPECT_EQ(keys.error().id(), ErrorId::kConfigInvalid) << text;
      const std::string told = keys.error().ToString();
      EXPECT_THAT(told, AllOf(HasSubstr("auth.jwt_secret "), HasSubstr(advice), Not(HasSubstr("\n")))) << text;
      EXPECT_LT(told.size(), 200U) << told;
    }
  }
}

TEST(KeySetTest, TakesTheNameOfAFileThatThereIsForOne) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("pandosecretsecretsecretsecret" + std::to_string(getpid()))).string();
  std::ofstream file(path);
  const Result<KeySet> keys = Parse(path);
  std::filesystem::remove(path);
  ASSERT_FALSE(keys.has_value());
  EXPECT_THAT(keys.error().message(), HasSubstr("write @ in front of it"));
}

TEST(KeySetTest, WantsASecretBehindTheBase64) {
  for (const std::string& text :
       {std::string(40, '='), "AAAA" + std::string(40, ' '), "QUJD" + std::string(40, '\n') + "x"}) {
    EXPECT_FALSE(Parse(text, true)) << text;
  }
  const Result<KeySet> shortest = Parse("c2hvcnQgYnV0IHJhbmRvbSwgc28gc2F5IQ==", true);
  ASSERT_TRUE(shortest.has_value()) << shortest.error().ToString();
  EXPECT_EQ(Refusal(*shortest, SignToken(kClaims, "short but random, so say!")), "");
}

TEST(KeySetTest, TakesSecretsThatPeopleMake) {
  for (const std::string& secret : {
           std::string("reallyreallyreallyreallyverysafe"),
           std::string("correct horse battery staple, and some more words"),
           std::string("/9j4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMC"),
           std::string("0a30c8b1d7e64f5f9a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d"),
           std::string("3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
           std::string("<x://>,.;:{}[]()'\"!?@#$%^&*|~`-_=+ and so on"),
           std::string("eyJhbGciOiJIUzI1NiJ9-is-no-token-without-dots"),
           std::string("correct/horse/battery/staple/and/some/more"),
           std::string("Kitty, <3 the data: 100% of it. https is nice"),
           std::string("\x01\x00\xFF\xFE\x00\x80 bytes that are no text at all", 36),
       }) {
    const Result<KeySet> keys = Parse(secret);
    ASSERT_TRUE(keys.has_value()) << secret << keys.error().ToString();
    EXPECT_EQ(Refusal(*keys, SignToken(kClaims, secret)), "") << secret;
  }
}

TEST(KeySetTest, TakesRandomSecretsInEveryAlphabet) {
  std::mt19937 random(20260);
  const auto draw = [&random](std::string_view alphabet, size_t size) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
    return text;
  };
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  for (int i = 0; i < 1000; ++i) {
    for (const size_t size : {32U, 43U, 52U, 64U, 88U}) {
      for (const std::string& alphabet :
           {std::string("0123456789abcdef"), std::string("0123456789ABCDEF"), std::string(kLetters),
            std::string(kLetters) + "-_", std::string(kLetters) + "+/", std::string(kLetters) + "./", bytes}) {
        // What begins with a bracket is JSON, and what begins with @ names a file.
        const std::string secret = alphabet.substr(0, 1) + draw(alphabet, size);
        const Result<KeySet> keys = Parse(secret);
        ASSERT_TRUE(keys.has_value()) << secret << " " << keys.error().ToString();
      }
    }
  }
}

struct Signed {
  std::string algorithm;
  TestSigner signer;
};

std::vector<Signed> OneOfEach() {
  const TestSigner rsa = TestSigner::Rsa();
  std::vector<Signed> all;
  for (const char* name : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}) all.push_back({name, rsa});
  all.push_back({"ES256", TestSigner::Ec("P-256")});
  all.push_back({"ES384", TestSigner::Ec("P-384")});
  all.push_back({"ES512", TestSigner::Ec("P-521")});
  all.push_back({"EdDSA", TestSigner::Ed25519()});
  return all;
}

TEST(KeySetTest, VerifiesEachAlgorithmByAKeyOfItsTypeAndByNoOther) {
  const std::vector<Signed> all = OneOfEach();
  for (const Signed& own : all) {
    const KeySet keys = *Parse(own.signer.Jwk());
    EXPECT_EQ(Refusal(keys, own.signer.Sign(own.algorithm, kClaims)), "") << own.algorithm;
    std::string forged = own.signer.Sign(own.algorithm, kClaims);
    char& character = forged[forged.rfind('.') + 3];
    character = character == 'A' ? 'B' : 'A';
    EXPECT_EQ(Refusal(keys, forged), kNotVerified) << own.algorithm;
    for (const Signed& other : all) {
      if (other.algorithm == own.algorithm) continue;
      // The header says one algorithm, and the signature is that of another.
      const std::string header = R"({"alg":")" + other.algorithm + "\"}";
      EXPECT_NE(Refusal(keys, own.signer.Sign(own.algorithm, kClaims, header)), "")
          << own.algorithm << " as " << other.algorithm;
    }
    for (const char* name : {"none", "HS256", "HS384", "HS512", "ES256K", "Ed448", "eddsa", "RS1", ""}) {
      const std::string header = R"({"alg":")" + std::string(name) + "\"}";
      EXPECT_NE(Refusal(keys, own.signer.Sign(own.algorithm, kClaims, header)), "") << name;
    }
  }
}

TEST(KeySetTest, KnowsTheNewerNameOfEdDsa) {
  const TestSigner signer = TestSigner::Ed25519();
  for (const char* alg : {"", R"("alg":"EdDSA",)", R"("alg":"Ed25519",)"}) {
    const KeySet keys = *Parse(signer.Jwk(alg));
    EXPECT_EQ(Refusal(keys, signer.Sign("EdDSA", kClaims)), "") << alg;
    EXPECT_EQ(Refusal(keys, signer.Sign("EdDSA", kClaims, R"({"alg":"Ed25519"})")), "") << alg;
  }
}

TEST(KeySetTest, HoldsAKeyToItsOwnAlg) {
  const std::vector<Signed> all = OneOfEach();
  for (const Signed& own : all) {
    const KeySet keys = *Parse(own.signer.Jwk(R"("alg":")" + own.algorithm + "\","));
    EXPECT_EQ(Refusal(keys, own.signer.Sign(own.algorithm, kClaims)), "") << own.algorithm;
    for (const Signed& other : all) {
      if (other.signer.Jwk() != own.signer.Jwk() || other.algorithm == own.algorithm) continue;
      EXPECT_EQ(Refusal(keys, own.signer.Sign(other.algorithm, kClaims)), kNoKey)
          << own.algorithm << " and " << other.algorithm;
    }
  }
}

TEST(KeySetTest, VerifiesTheTokensOfTheStandards) {
  // RFC 7520, 4.3.
  const KeySet p521 =
      *Parse(R"({"kty":"EC","kid":"bilbo.baggins@hobbiton.example","use":"sig","crv":"P-521",)"
             R"("x":"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt",)"
             R"("y":"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"})");
  const Result<std::string> business = VerifyToken(
      "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9."
      "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5k"
      "IGlm"
      "IHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4."
      "AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_"
      "sDDyYjnAMDxXPn7X"
      "rT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2",
      p521);
  ASSERT_TRUE(business.has_value()) << business.error().ToString();
  EXPECT_THAT(*business, EndsWith("no knowing where you might be swept off to."));

  // RFC 8037, A.2 and A.4.
  const KeySet ed25519 = *Parse(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  const Result<std::string> example = VerifyToken(
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
      ed25519);
  ASSERT_TRUE(example.has_value()) << example.error().ToString();
  EXPECT_EQ(*example, "Example of Ed25519 signing");
}

TEST(KeySetTest, UsesNoKeyThatATokenBringsOrPointsAt) {
  const TestSigner own = TestSigner::Rsa(), stranger = TestSigner::Rsa();
  const KeySet keys = *Parse(own.Jwk(R"("kid":"own",)"));
  const std::string url = R"("https://stranger.example/keys")";
  for (const std::string& member :
       {R"("jwk":)" + stranger.Jwk(), R"("jwk":)" + stranger.Jwk(R"("kid":"own",)"), R"("jku":)" + url,
        R"("x5u":)" + url, R"("x5c":[")" + EncodeBase64Url(stranger.Der()) + "\"]", std::string(R"("x5t":"AAAA")")}) {
    for (const std::string& kid : {std::string(), std::string(R"("kid":"own",)")}) {
      const std::string header = R"({"alg":"RS256",)" + kid + member + "}";
      EXPECT_EQ(Refusal(keys, stranger.Sign("RS256", kClaims, header)), kNotVerified) << header;
      EXPECT_EQ(Refusal(keys, own.Sign("RS256", kClaims, header)), "") << header;
    }
  }
}

TEST(KeySetTest, UsesAKeyForWhatItSaysThatItIsFor) {
  const TestSigner signer = TestSigner::Ec("P-384");
  for (const char* members : {"", R"("use":"sig",)", R"("key_ops":["verify"],)", R"("key_ops":["sign","verify"],)",
                              R"("use":"sig","key_ops":["verify"],"alg":"ES384",)"}) {
    const Result<KeySet> keys = Parse(signer.Jwk(members));
    ASSERT_TRUE(keys.has_value()) << members << keys.error().ToString();
    EXPECT_EQ(Refusal(*keys, signer.Sign("ES384", kClaims)), "") << members;
  }
  for (const char* members : {R"("use":"enc",)", R"("use":"tls",)", R"("use":7,)", R"("key_ops":[],)",
                              R"("key_ops":["sign"],)", R"("key_ops":"verify",)", R"("key_ops":["deriveBits"],)",
                              R"("use":"enc","key_ops":["verify"],)", R"("alg":"ES256",)", R"("alg":"ES512",)",
                              R"("alg":"RS256",)", R"("alg":"HS256",)", R"("alg":"none",)", R"("alg":"ECDH-ES",)"}) {
    EXPECT_FALSE(Parse(signer.Jwk(members)).has_value()) << members;
  }
}

TEST(KeySetTest, NamesTheKeysThatItDoesNotUse) {
  const TestSigner signer = TestSigner::Ec("P-256");
  const std::string oct = R"({"kty":"oct","kid":"weak","k":"c2hvcnQ"})";
  const std::string foreign = R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})";
  const std::string ed448 = R"({"kty":"OKP","crv":"Ed448","x":"AA","kid":"goldilocks"})";
  const std::string known = R"({"kty":"oct","kid":"known","k":")" + EncodeBase64Url(signer.Pem()) + "\"}";
  const std::string small = TestSigner::Rsa(1024).Jwk();
  const Result<KeySet> keys =
      Parse(SetOf({signer.Jwk(R"("use":"enc","kid":"sealed",)"), oct, foreign, signer.Jwk(), ed448, R"({"kty":"AKP"})",
                   "7", small, signer.Jwk(R"("alg":"RS256",)"), known}));
  ASSERT_TRUE(keys.has_value()) << keys.error().ToString();
  EXPECT_EQ(Refusal(*keys, signer.Sign("ES256", kClaims)), "");
  const auto is_unused = [](const std::string& name, const std::string& why) {
    return AllOf(HasSubstr(name + " of auth.jwt_secret is not used: "), HasSubstr(why));
  };
  EXPECT_THAT(keys->unused(),
              ElementsAre(is_unused("the key \"sealed\"", "\"use\""), is_unused("the key \"weak\"", "32 bytes"),
                          is_unused("key 3", "P-256, P-384 or P-521"), is_unused("the key \"goldilocks\"", "Ed25519"),
                          is_unused("key 6", "\"kty\""), is_unused("key 7", "object"), is_unused("key 8", "2048"),
                          is_unused("key 9", "\"alg\""), is_unused("the key \"known\"", "PEM")));
  EXPECT_THAT(Parse(signer.Jwk())->unused(), IsEmpty());
}

TEST(KeySetTest, RefusesASetWithoutAUsableKeyAndSaysWhy) {
  for (const char* set : {R"({"keys":[]})", "[]", R"([{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}])", "[7]"}) {
    const Result<KeySet> keys = Parse(set);
    ASSERT_FALSE(keys.has_value()) << set;
    EXPECT_EQ(keys.error().id(), ErrorId::kConfigInvalid) << set;
    EXPECT_THAT(keys.error().message(), HasSubstr("without a usable key")) << set;
  }
  EXPECT_THAT(Parse(R"([{"kty":"OKP","crv":"X25519","x":"AA"}])").error().message(), HasSubstr("key 1"));
  std::string many = "[7";
  for (int i = 0; i < 64; ++i) many += ",7";
  EXPECT_THAT(Parse(many + "]").error().message(), HasSubstr("has 65 keys"));
}

TEST(KeySetTest, RefusesPointsOffTheirCurve) {
  // The P-256 example of RFC 7515 with the last bit of y turned, and the points of one curve said to be of another.
  EXPECT_FALSE(Parse(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                     R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4"})"));
  std::string jwk = TestSigner::Ec("P-384").Jwk();
  jwk.replace(jwk.find("P-384"), 5, "P-521");
  EXPECT_FALSE(Parse(jwk));
  EXPECT_FALSE(Parse(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ"})"));
}

}  // namespace
}  // namespace pando::auth
