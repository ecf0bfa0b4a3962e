#include "rest/payload.h"

#include <string>
#include <utility>

#include "rest/media_type.h"
#include "rest/utf8.h"

namespace pando::rest {
namespace {

// A body that becomes the one unnamed argument of a function, as it is.
Result<Payload> ParseRawPayload(MediaType::Kind media, std::string_view body) {
  // Bytes are a bytea; the other two reach PostgreSQL as text.
  if (media != MediaType::Kind::kOctetStream && (!IsValidUtf8(body) || body.find('\0') != std::string_view::npos)) {
    return Error(ErrorId::kInvalidBody, "The body is not text").WithDetail("text must be UTF-8 without NUL characters");
  }
  Payload payload;
  payload.kind = Payload::Kind::kRaw;
  payload.media = media;
  payload.text = body;
  return payload;
}

}  // namespace

Result<Payload> ParsePayload(std::string_view content_type, std::string_view body, const PayloadContext& context) {
  const MediaType media = ParseContentType(content_type);
  switch (media.kind) {
    case MediaType::Kind::kJson:
      return ParseJsonPayload(body, context);
    case MediaType::Kind::kCsv:
      return ParseCsvPayload(body);
    case MediaType::Kind::kForm:
      return ParseFormPayload(body);
    case MediaType::Kind::kText:
    case MediaType::Kind::kXml:
    case MediaType::Kind::kOctetStream:
      if (context.for_function) return ParseRawPayload(media.kind, body);
      break;
    default:
      break;
  }
  return Error(ErrorId::kInvalidBody,
               "Content-Type not acceptable: " + (media.name.empty() ? media.original : media.name));
}

}  // namespace pando::rest
