#include "auth/token.h"

#include <algorithm>
#include <boost/json/value.hpp>

#include "auth/base64url.h"
#include "auth/bounded_json.h"

namespace pando::auth {
namespace {

constexpr size_t kTokenBytesMax = size_t{16} << 10;

struct Header {
  Algorithm algorithm;
  std::string kid;  // empty: none
};

// Text that is no token at all, in PostgREST's words.
Error Undecodable() { return Error(ErrorId::kInvalidJwt, "JWT cryptographic operation failed"); }

Error WrongAlgorithm(std::string detail) {
  return Error(ErrorId::kInvalidJwt, "Wrong or unsupported encoding algorithm").WithDetail(std::move(detail));
}

Error NoKey(std::string detail) {
  return Error(ErrorId::kInvalidJwt, "No suitable key or wrong key type").WithDetail(std::move(detail));
}

Result<Header> ParseHeader(std::string_view part) {
  const std::optional<std::string> text = DecodeBase64Url(part);
  if (!text) return Undecodable();
  const std::optional<boost::json::object> json = ParseJsonObject(*text);
  if (!json) return Undecodable();
  // RFC 7515 section 4.1.11: extensions that must be understood, and of which we understand none.
  if (json->contains("crit")) {
    return WrongAlgorithm("The header of the JWT has critical extensions");
  }
  const boost::json::value* algorithm_name = json->if_contains("alg");
  if (algorithm_name == nullptr || !algorithm_name->is_string()) {
    return WrongAlgorithm("The header of the JWT has no 'alg'");
  }
  const boost::json::string& name = algorithm_name->get_string();
  if (name == "none") return WrongAlgorithm("JWT is unsecured but expected 'alg' was not 'none'");
  const std::optional<Algorithm> algorithm = ParseAlgorithm({name.data(), name.size()});
  if (!algorithm) return WrongAlgorithm("The 'alg' of the JWT is not supported");
  Header header{*algorithm, {}};
  if (const boost::json::value* kid = json->if_contains("kid"); kid != nullptr && kid->is_string()) {
    header.kid.assign(kid->get_string().data(), kid->get_string().size());
  }
  return header;
}

}  // namespace

Result<std::string> VerifyToken(std::string_view token, const KeySet& keys) {
  if (token.empty()) return Error(ErrorId::kInvalidJwt, "Empty JWT is sent in Authorization header");
  if (token.size() > kTokenBytesMax) return Error(ErrorId::kInvalidJwt, "The JWT is larger than 16 KiB");
  const auto parts = std::count(token.begin(), token.end(), '.') + 1;
  if (parts != 3) {
    return Error(ErrorId::kInvalidJwt, "Expected 3 parts in JWT; got " + std::to_string(parts));
  }
  const size_t header_end = token.find('.');
  const size_t payload_end = token.rfind('.');
  PANDO_TRY(const Header header, ParseHeader(token.substr(0, header_end)));

  const std::vector<const SignatureKey*> candidates = keys.Find(header.algorithm, header.kid);
  if (candidates.empty()) return NoKey("No suitable key was found to decode the JWT");
  const std::optional<std::string> signature = DecodeBase64Url(token.substr(payload_end + 1));
  const std::string_view signed_text = token.substr(0, payload_end);
  const bool verified = signature && std::any_of(candidates.begin(), candidates.end(), [&](const SignatureKey* key) {
                          return key->Verify(header.algorithm, signed_text, *signature);
                        });
  if (!verified) return NoKey("None of the keys was able to decode the JWT");

  std::optional<std::string> payload = DecodeBase64Url(token.substr(header_end + 1, payload_end - header_end - 1));
  if (!payload) return Undecodable();
  return std::move(*payload);
}

}  // namespace pando::auth
