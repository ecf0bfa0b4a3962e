// What the operating system knows of this process, read from /proc at each call. 0 where it cannot be read.
//
// Concurrency  thread-safe
#pragma once

namespace pando::telemetry {

double ProcessCpuSeconds();
double ProcessResidentBytes();
double ProcessOpenFds();
double ProcessStartTimeSeconds();  // since the Unix epoch

}  // namespace pando::telemetry
