#include "http/request_id.h"

#include <algorithm>
#include <array>

#include "base/byte_order.h"
#include "base/hex.h"
#include "base/random.h"

namespace pando::http {
namespace {

constexpr size_t kSizeMax = 128;

bool IsUsable(std::string_view id) {
  return !id.empty() && id.size() <= kSizeMax &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// The finalizer of splitmix64: spreads a counter over all 64 bits, one to one.
uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// As sixteen digits.
void AppendNumber(std::string& id, uint64_t number) {
  std::array<char, sizeof(number)> bytes;
  WriteNumber(bytes.data(), number);
  AppendHex(id, {bytes.data(), bytes.size()});
}

}  // namespace

RequestIds::RequestIds() {
  AppendNumber(head_, RandomBits());
  counter_ = RandomBits();
}

void RequestIds::Choose(std::optional<std::string_view> sent, std::string& id) {
  if (sent && IsUsable(*sent)) {
    id.assign(*sent);
    return;
  }
  id.assign(head_);
  AppendNumber(id, Mix(counter_++));
}

}  // namespace pando::http
