// Any text is a select list or PGRST100 with a detail.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "rest/select_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto items = pando::rest::ParseSelect(text, 100);
  PANDO_ASSERT(items || (items.error().code() == "PGRST100" && items.error().detail()));
  return 0;
}
