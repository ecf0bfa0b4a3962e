// Any Range and limit give windows that PostgreSQL can take, or are refused.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "rest/windows.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view limit = text.substr(0, text.find(' '));
  std::vector<pando::rest::WindowParameter> parameters;
  if (const auto number = pando::rest::ParseWindowNumber(limit)) parameters.push_back({{}, true, *number});
  const auto windows = pando::rest::MergeWindows(parameters, text.substr(text.find(' ') + 1));
  if (!windows) {
    const pando::ErrorId id = windows.error().id();
    PANDO_ASSERT(id == pando::ErrorId::kInvalidRange || id == pando::ErrorId::kNotHonoured);
    return 0;
  }
  for (const auto& window : *windows) PANDO_ASSERT(window.value.offset >= 0 && window.value.limit.value_or(0) >= 0);
  return 0;
}
