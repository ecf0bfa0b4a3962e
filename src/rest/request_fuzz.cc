// Any request is parsed or refused with one of the codes that clients know. The input is lines: method, path, query,
// then headers as "name: value" up to an empty line; what follows is the body.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "rest/request.h"

namespace {

std::string_view CutLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

bool IsKnown(std::string_view code) {
  constexpr std::array<std::string_view, 10> kCodes = {"PGRST100", "PGRST101", "PGRST102", "PGRST103",  "PGRST106",
                                                       "PGRST114", "PGRST117", "PGRST125", "PANDO2012", "PANDO2014"};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  pando::rest::RawRequest raw;
  raw.method = CutLine(rest);
  raw.path = CutLine(rest);
  raw.query = CutLine(rest);
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  for (std::string_view line = CutLine(rest); !line.empty(); line = CutLine(rest)) {
    const size_t colon = std::min(line.find(": "), line.size());
    headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
  }
  raw.body = rest;
  raw.headers = [&headers](std::string_view name) {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : headers) {
      if (key == name) values.push_back(value);
    }
    return values;
  };
  const auto request = pando::rest::ParseRequest(raw, {});
  PANDO_ASSERT(request || IsKnown(request.error().code()));
  return 0;
}
