#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/json_text.h"
#include "rest/key_set.h"
#include "rest/payload.h"
#include "rest/percent.h"

namespace pando::rest {
namespace {

Result<std::string> Decode(std::string_view text) {
  std::string decoded;
  if (const Result<void> done = AppendPercentDecoded(text, Plus::kIsSpace, decoded); !done) {
    Error invalid(ErrorId::kInvalidBody, "Invalid form");
    const std::string reason = done.error().detail().value_or("the form is not valid UTF-8 after decoding");
    return invalid.WithDetail(reason);
  }
  return decoded;
}

Error TooMany(size_t most, std::string_view what) {
  return Error(ErrorId::kInvalidBody, "Invalid form")
      .WithDetail("the form has more than " + std::to_string(most) + ' ' + std::string(what));
}

}  // namespace

Result<Payload> ParseFormPayload(std::string_view body) {
  Payload payload;
  payload.media = MediaType::Kind::kForm;
  while (!body.empty()) {
    const size_t end = std::min(body.find('&'), body.size());
    const std::string_view piece = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (piece.empty()) continue;
    if (payload.form.size() == kFormFieldsMax) return TooMany(kFormFieldsMax, "fields");
    const size_t equals = std::min(piece.find('='), piece.size());
    PANDO_TRY(std::string key, Decode(piece.substr(0, equals)));
    PANDO_TRY(std::string value, Decode(piece.substr(std::min(equals + 1, piece.size()))));
    payload.form.emplace_back(std::move(key), std::move(value));
  }
  // In the object the last value of a repeated key counts.
  std::map<std::string_view, std::string_view> object;
  for (const auto& [key, value] : payload.form) object[key] = value;
  if (object.size() > KeySet::kKeysMax) return TooMany(KeySet::kKeysMax, "names");
  payload.text = "{";
  for (const auto& [key, value] : object) {
    if (payload.text.size() > 1) payload.text += ',';
    AppendJsonString(payload.text, key);
    payload.text += ':';
    AppendJsonString(payload.text, value);
    payload.keys.emplace_back(key);
    if (payload.text.size() > kMadeBytesMax) return TooMany(kMadeBytesMax, "bytes of json");
  }
  payload.text += '}';
  payload.kind = Payload::Kind::kJsonObject;
  payload.elements = 1;
  return payload;
}

}  // namespace pando::rest
