// Any header gives preferences; a negative maximum never comes through.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "rest/preferences.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const pando::rest::Preferences preferences = pando::rest::ParsePreferences({text}, true);
  PANDO_ASSERT(!preferences.max_affected || *preferences.max_affected >= 0);
  return 0;
}
