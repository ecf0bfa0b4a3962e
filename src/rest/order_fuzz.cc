// Any text is at least one order term or PGRST100.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "rest/order_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto terms = pando::rest::ParseOrder(text);
  PANDO_ASSERT(terms ? !terms->empty() : terms.error().code() == "PGRST100");
  return 0;
}
