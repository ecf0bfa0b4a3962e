// The options of the log.
#pragma once

#include <string>

#include "base/option.h"

namespace pando::telemetry {

struct LogOptions {
  std::string level = "info";
  std::string format = "text";
  bool access = false;
};

template <class Visitor>
void Describe(Visitor& visit, LogOptions& o) {
  visit.Option(
      "log.level", o.level, OneOf{{"debug", "info", "warn", "error", "off"}}, Reload::kLive,
      "Lowest level that is logged. info has starts, reloads and their causes; debug costs time for each request.");
  visit.Option("log.format", o.format, OneOf{{"text", "json"}}, Reload::kLive,
               "Form of a log line: text for people, json (one object a line) for collectors.");
  visit.Option("log.access", o.access, Reload::kLive,
               "Whether Pando writes one JSON line for each request, whatever log.level and log.format are.");
}

}  // namespace pando::telemetry
