#include "bench/report.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json_text.h"
#include "bench/plot.h"

namespace pando::bench {
namespace {

// Three digits that mean something, in the unit that reads best.
std::string Span(double ms) {
  if (!std::isfinite(ms)) return "inf";
  if (ms < 1) return fmt::format("{:.0f} µs", ms * 1000);
  if (ms < 100) return fmt::format("{:.2f} ms", ms);
  return ms < 10'000 ? fmt::format("{:.0f} ms", ms) : fmt::format("{:.1f} s", ms / 1000);
}

// µ is two bytes and one column.
std::string Right(const std::string& text, size_t width) {
  const bool wide = text.find("µ") != std::string::npos;
  return fmt::format("{:>{}}", text, wide ? width + 1 : width);
}

std::string LatencyLine(const char* title, const Latency& latency) {
  std::string line = fmt::format("  {:<14}", title);
  for (const double span : {latency.p50, latency.p90, latency.p99, latency.p999, latency.p9999, latency.max}) {
    line += Right(Span(span), 10);
  }
  return line + "\n";
}

std::string Verdicts(const Point& point) {
  std::string text;
  if (point.is_void()) {
    text += fmt::format(
        "  VOID: the generator was late by {} at its 99th percentile, more than a tenth of the median;\n"
        "        give it more threads or a machine of its own\n",
        Span(point.lag_ms_p99));
  }
  if (point.is_saturated()) {
    text += "  saturated: more was offered than came back, so the latencies grow with the length of the phase\n";
  }
  if (!point.stationary) {
    text +=
        fmt::format("  not stationary: the number in the system changed by {:+.0f} % of its mean\n", point.drift * 100);
  }
  if (point.little_error > 0.1) {
    text += fmt::format("  Little's law is off by {:.0f} %: too short a phase, or a fault of the instrument\n",
                        point.little_error * 100);
  }
  return text;
}

std::string FailureText(const Point& point) {
  std::string text;
  for (size_t i = 0; i < kFailures; ++i) {
    if (point.failures[i] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", point.failures[i], ToString(static_cast<Failure>(i)));
  }
  return text.empty() ? "none" : text;
}

std::string PointText(const Point& point) {
  std::string text = fmt::format("{} ({:g} s)\n", point.name, point.seconds);
  text += fmt::format("  offered {:.1f}/s   achieved {:.1f}/s   failed {:.3f} % ({})\n", point.offered, point.achieved,
                      point.failed_share() * 100, FailureText(point));
  text +=
      fmt::format("  {:<14}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}\n", "", "p50", "p90", "p99", "p99.9", "p99.99", "max");
  text += LatencyLine("response", point.response);
  text += LatencyLine("service", point.service);
  if (point.kinds.size() > 1) {
    for (const KindPoint& kind : point.kinds) {
      text += LatencyLine(("· " + kind.name.substr(0, 11)).c_str(), kind.response);
    }
  }
  text +=
      fmt::format("  in flight {:.2f}   generator: lag p99 {}, {:.1f} µs of CPU a request, busiest thread {:.0f} %\n",
                  point.in_flight, Span(point.lag_ms_p99), point.cpu_us, point.cpu_share_max * 100);
  return text + Verdicts(point) + "\n";
}

std::string KneeText(const KneeReport& knee, double slo_ms) {
  if (knee.slo_knee <= 0) return fmt::format("no rate kept p99 under {}\n", Span(slo_ms));
  std::string text =
      fmt::format("knee: {:.0f}/s with p99 up to {}   highest rate {:.0f}/s   most efficient at {:.0f}/s\n",
                  knee.slo_knee, Span(slo_ms), knee.rate_max, knee.efficiency_knee);
  if (knee.limited_by_generator) {
    text +=
        "  the generator was late above the knee, so the server may do more; give it more threads or another machine\n";
  }
  if (knee.usl) {
    text += fmt::format("  scalability: {:.0f}/s one at a time, contention {:.4f}, coherency {:.6f}, R² {:.3f}\n",
                        knee.usl->rate_one, knee.usl->contention, knee.usl->coherency, knee.usl->determination);
  }
  for (const Overload& overload : knee.overloads) {
    text += fmt::format(
        "  {:>4g} x knee: achieved {:.0f}/s ({:.0f} % of the highest), answered p99 {}, then settled after {}\n",
        overload.factor, overload.during.achieved, overload.during.achieved / knee.rate_max * 100,
        Span(overload.during.service.p99), Span(overload.after.settled_after_seconds * 1000));
  }
  return text;
}

// --------------------------------------------------------------------------------------------------------- JSON

std::string Number(double value) { return std::isfinite(value) ? fmt::format("{:.6g}", value) : "null"; }

std::string LatencyJson(const Latency& latency) {
  return fmt::format(R"({{"p50":{},"p90":{},"p99":{},"p99.9":{},"p99.99":{},"max":{},"mean":{}}})", Number(latency.p50),
                     Number(latency.p90), Number(latency.p99), Number(latency.p999), Number(latency.p9999),
                     Number(latency.max), Number(latency.mean));
}

std::string FailuresJson(const Point& point) {
  std::string text;
  for (size_t i = 0; i < kFailures; ++i) {
    text += fmt::format(R"({}"{}":{})", i == 0 ? "" : ",", ToString(static_cast<Failure>(i)), point.failures[i]);
  }
  return "{" + text + "}";
}

std::string PointJson(const Point& point) {
  std::string kinds;
  for (const KindPoint& kind : point.kinds) {
    kinds += fmt::format(R"({}{{"name":{},"answered":{},"failed":{},"response_ms":{}}})", kinds.empty() ? "" : ",",
                         JsonString(kind.name), kind.answered, kind.failed, LatencyJson(kind.response));
  }
  return fmt::format(R"({{"name":{},"seconds":{},"offered":{},"achieved":{},"due":{},"failed":{},"failures":{},)"
                     R"("response_ms":{},"service_ms":{},"lag_ms_p99":{},"in_flight":{},"little_error":{},"drift":{},)"
                     R"("stationary":{},"saturated":{},"void":{},"settled_after_seconds":{},"received_bytes":{},)"
                     R"("generator_cpu_us":{},"generator_cpu_share_max":{},"requests":[{}]}})",
                     JsonString(point.name), Number(point.seconds), Number(point.offered), Number(point.achieved),
                     point.due, point.failed(), FailuresJson(point), LatencyJson(point.response),
                     LatencyJson(point.service), Number(point.lag_ms_p99), Number(point.in_flight),
                     Number(point.little_error), Number(point.drift), point.stationary, point.is_saturated(),
                     point.is_void(), Number(point.settled_after_seconds), Number(point.received_bytes),
                     Number(point.cpu_us), Number(point.cpu_share_max), kinds);
}

std::string KneeJson(const KneeReport& knee) {
  std::string points, overloads;
  for (const KneePoint& one : knee.points) {
    points += fmt::format(R"({}{{"stage":{},"rate":{},"held":{},"point":{}}})", points.empty() ? "" : ",",
                          JsonString(one.stage), Number(one.rate), one.held, PointJson(one.point));
  }
  for (const Overload& one : knee.overloads) {
    overloads += fmt::format(R"({}{{"factor":{},"during":{},"after":{}}})", overloads.empty() ? "" : ",",
                             Number(one.factor), PointJson(one.during), PointJson(one.after));
  }
  std::string usl = "null";
  if (knee.usl) {
    usl = fmt::format(R"({{"rate_one":{},"contention":{},"coherency":{},"r_squared":{},"peak_in_flight":{}}})",
                      Number(knee.usl->rate_one), Number(knee.usl->contention), Number(knee.usl->coherency),
                      Number(knee.usl->determination), Number(knee.usl->PeakInFlight()));
  }
  return fmt::format(
      R"({{"slo_knee":{},"rate_max":{},"efficiency_knee":{},"limited_by_generator":{},"usl":{},"points":[{}],)"
      R"("overloads":[{}]}})",
      Number(knee.slo_knee), Number(knee.rate_max), Number(knee.efficiency_knee), knee.limited_by_generator, usl,
      points, overloads);
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string CsvLine(const std::string& stage, const Point& point) {
  std::string line = fmt::format("{},{},{:g},{:.2f},{:.2f},{},{}", stage, CsvField(point.name), point.seconds,
                                 point.offered, point.achieved, point.due, point.failed());
  for (const Latency* latency : {&point.response, &point.service}) {
    line += fmt::format(",{:.4f},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f}", latency->p50, latency->p90, latency->p99,
                        latency->p999, latency->p9999, latency->max);
  }
  return line + fmt::format(",{:.4f},{:.3f},{:d},{:d},{:.2f}\n", point.lag_ms_p99, point.in_flight,
                            point.is_saturated(), point.is_void(), point.cpu_us);
}

}  // namespace

std::string Summary(const Report& report) {
  std::string text = fmt::format("{} against {}\n{} connections, {} threads, {} arrivals, seed {}\n\n", report.scenario,
                                 report.url, report.connections, report.threads, report.arrivals, report.seed);
  std::vector<PlotPoint> plot;
  for (const Point& point : report.points) {
    text += PointText(point);
    plot.push_back({point.offered, point.response.p50, point.response.p99});
  }
  if (report.knee) {
    for (const KneePoint& one : report.knee->points) {
      plot.push_back({one.point.offered, one.point.response.p50, one.point.response.p99});
    }
    text += KneeText(*report.knee, report.slo_ms) + "\n";
  }
  text += PlotLatency(plot);
  return text +
         "\nresponse: from the instant a request was due, as a client waits; service: from its bytes being sent, as "
         "the\n"
         "server holds it. Where the two differ, requests waited for a connection or for the generator.\n";
}

std::string ReportJson(const Report& report) {
  std::string points;
  for (const Point& point : report.points) points += (points.empty() ? "" : ",") + PointJson(point);
  return fmt::format(
      R"({{"scenario":{},"url":{},"seed":{},"threads":{},"connections":{},"arrivals":{},"slo_ms":{},"points":[{}],)"
      R"("knee":{}}})"
      "\n",
      JsonString(report.scenario), JsonString(report.url), report.seed, report.threads, report.connections,
      JsonString(report.arrivals), Number(report.slo_ms), points, report.knee ? KneeJson(*report.knee) : "null");
}

std::string ReportCsv(const Report& report) {
  std::string text =
      "stage,name,seconds,offered,achieved,due,failed,response_p50_ms,response_p90_ms,response_p99_ms,response_p99.9_"
      "ms,"
      "response_p99.99_ms,response_max_ms,service_p50_ms,service_p90_ms,service_p99_ms,service_p99.9_ms,"
      "service_p99.99_ms,service_max_ms,lag_p99_ms,in_flight,saturated,void,generator_cpu_us\n";
  for (const Point& point : report.points) text += CsvLine("run", point);
  if (!report.knee) return text;
  for (const KneePoint& one : report.knee->points) text += CsvLine(one.stage, one.point);
  for (const Overload& one : report.knee->overloads) {
    text += CsvLine("overload", one.during) + CsvLine("recovery", one.after);
  }
  return text;
}

std::string KneeLine(const KneePoint& one) {
  return fmt::format("{:<9}{:>10.0f}/s  achieved {:>10.0f}/s  p50 {}  p99 {}  failed {:.2f} %  {}\n", one.stage,
                     one.rate, one.point.achieved, Right(Span(one.point.response.p50), 9),
                     Right(Span(one.point.response.p99), 9), one.point.failed_share() * 100,
                     one.held ? "holds" : "does not hold");
}

}  // namespace pando::bench
