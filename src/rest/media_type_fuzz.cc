// Any Accept gives at least one media type, and any Content-Type gives one.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "rest/media_type.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto accepted = pando::rest::ParseAccept(text);
  PANDO_ASSERT(!accepted.empty());
  for (const pando::rest::MediaType& media : accepted) PANDO_ASSERT(media.original.size() <= text.size() + 3);
  pando::rest::ParseContentType(text);
  return 0;
}
