// Any CSV is refused, or becomes JSON that our own parser takes with the same keys and as many rows.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "rest/payload.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto csv = pando::rest::ParseCsvPayload(text);
  if (!csv) {
    PANDO_ASSERT(csv.error().code() == "PGRST102");
    return 0;
  }
  const auto json = pando::rest::ParseJsonPayload(csv->text, {});
  PANDO_ASSERT(json && json->elements == csv->elements);
  PANDO_ASSERT(csv->elements == 0 || json->keys == csv->keys);
  return 0;
}
