// Any body is taken or refused exactly as Boost.JSON does, but for what ours takes on purpose: numbers beyond a double
// and halves of surrogate pairs.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "rest/payload.h"

namespace {

constexpr uint32_t kNestingMax = 32;

// Boost names no reason of its own for a surrogate without its other half, so any escape that looks like one will do.
bool IsOnPurpose(std::string_view text, boost::system::error_code error) {
  return error == boost::json::error::exponent_overflow || text.find("\\ud") != std::string_view::npos ||
         text.find("\\uD") != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto payload = pando::rest::ParseJsonPayload(text, {.columns_given = true, .json_nesting_max = kNestingMax});
  boost::json::parse_options options;
  options.max_depth = kNestingMax;
  boost::system::error_code error;
  boost::json::parse(boost::json::string_view(text.data(), text.size()), error, {}, options);
  PANDO_ASSERT(payload ? !error || IsOnPurpose(text, error) : bool(error));
  return 0;
}
