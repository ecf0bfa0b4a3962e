// Any text is an operator expression or PGRST100, and both ways to ask agree.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "rest/filter_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto operation = pando::rest::ParseOperation(text);
  PANDO_ASSERT(operation || (operation.error().code() == "PGRST100" && operation.error().detail()));
  PANDO_ASSERT(operation.has_value() == pando::rest::TryParseOperation(text).has_value());
  return 0;
}
