#include "serve/timing.h"

#include <fmt/format.h>

namespace pando::serve {

std::string Timing::Header() const {
  static constexpr const char* kNames[] = {"jwt", "parse", "plan", "transaction", "response"};
  std::string header;
  for (size_t i = 0; i < spans_.size(); ++i) {
    if (!spans_[i]) continue;
    const std::chrono::duration<double, std::milli> span = *spans_[i];
    header += fmt::format("{}{};dur={:.1f}", header.empty() ? "" : ", ", kNames[i], span.count());
  }
  return header;
}

}  // namespace pando::serve
