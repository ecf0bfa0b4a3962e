// Any Range and limit give windows that PostgreSQL can take, or PGRST103.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "rest/windows.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view limit = text.substr(0, text.find(' '));
  const auto windows =
      pando::rest::MergeWindows({{{}, true, pando::rest::ParseWindowNumber(limit)}}, text.substr(text.find(' ') + 1));
  if (!windows) {
    PANDO_ASSERT(windows.error().code() == "PGRST103");
    return 0;
  }
  for (const auto& window : *windows) PANDO_ASSERT(window.value.offset >= 0 && window.value.limit.value_or(0) >= 0);
  return 0;
}
