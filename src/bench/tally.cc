#include "bench/tally.h"

#include <algorithm>
#include <numeric>

namespace pando::bench {

std::string_view ToString(Failure failure) {
  switch (failure) {
    case Failure::kUnsent:
      return "unsent";
    case Failure::kTimeout:
      return "timeout";
    case Failure::kConnection:
      return "connection";
    case Failure::kMalformed:
      return "malformed";
    case Failure::kStatus:
      return "status";
  }
  return "";
}

uint64_t Tally::failed() const { return std::accumulate(failures.begin(), failures.end(), uint64_t{0}); }

void Tally::Merge(const Tally& other) {
  due += other.due;
  response.Merge(other.response);
  service.Merge(other.service);
  lag.Merge(other.lag);
  for (size_t i = 0; i < kinds.size(); ++i) {
    kinds[i].response.Merge(other.kinds[i].response);
    kinds[i].failed += other.kinds[i].failed;
  }
  for (size_t i = 0; i < kFailures; ++i) failures[i] += other.failures[i];
  for (size_t i = 0; i < kSlices; ++i) {
    slices[i].in_system_ns += other.slices[i].in_system_ns;
    slices[i].due += other.slices[i].due;
    slices[i].within_slo += other.slices[i].within_slo;
  }
  answered += other.answered;
  completed += other.completed;
  service_ns += other.service_ns;
  in_flight_ns += other.in_flight_ns;
  bytes_received += other.bytes_received;
  cpu_seconds += other.cpu_seconds;
  cpu_share_max = std::max(cpu_share_max, other.cpu_share_max);
}

}  // namespace pando::bench
