#include "bench/bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <random>

#include "base/url.h"
#include "bench/generator.h"
#include "bench/knee.h"
#include "bench/report.h"
#include "bench/scenario.h"
#include "config/value.h"
#include "net/socket.h"

namespace pando::bench {
namespace {

constexpr milliseconds kDurationDefault{10'000};
constexpr milliseconds kWarmUp{1000};
constexpr double kKneeRateFirst = 500;

Error Refuse(const std::string& option, const std::string& wanted) {
  return Error(ErrorId::kConfigInvalid, option + " must be " + wanted);
}

Result<void> ReadSpan(const std::string& option, const std::string& text, milliseconds& span) {
  if (text.empty()) return {};
  const auto parsed = config::ParseMilliseconds(config::Text{text});
  if (!parsed || parsed->count() <= 0) return Refuse(option, "a number with its unit, such as 10s or 500ms");
  span = *parsed;
  return {};
}

Result<double> ReadRate(const std::string& text) {
  double rate = 0;
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), rate);
  const bool whole = error == std::errc() && stopped == text.data() + text.size();
  if (!whole || !(rate > 0 && rate <= kRateMax)) {
    return Refuse("--rate", fmt::format("requests a second, more than 0 and at most {:.0f}", kRateMax));
  }
  return rate;
}

Result<void> ReadCount(const std::string& option, int64_t given, uint32_t max, uint32_t& value) {
  if (given == 0) return {};
  if (given < 0 || given > max) return Refuse(option, "from 1 to " + std::to_string(max));
  value = static_cast<uint32_t>(given);
  return {};
}

// Everything that the command line says wins over the file.
Result<void> Override(const BenchOptions& options, Scenario& scenario) {
  if (!options.url.empty()) scenario.url = options.url;
  PANDO_CHECK(ReadCount("--connections", options.connections, kConnectionsMax, scenario.connections));
  PANDO_CHECK(ReadCount("--threads", options.threads, kThreadsMax, scenario.threads));
  PANDO_CHECK(ReadSpan("--slo", options.slo, scenario.slo));
  PANDO_CHECK(ReadSpan("--timeout", options.timeout, scenario.timeout));
  if (!options.arrivals.empty() && options.arrivals != "constant" && options.arrivals != "poisson") {
    return Refuse("--arrivals", "constant or poisson");
  }
  if (options.arrivals == "constant") scenario.arrivals = Arrivals::kConstant;
  if (options.arrivals == "poisson") scenario.arrivals = Arrivals::kPoisson;
  if (options.seed >= 0) scenario.seed = options.seed;
  if (!scenario.seed) scenario.seed = static_cast<int64_t>(std::random_device{}());
  if (options.rate.empty()) return {};
  PANDO_TRY(const double rate, ReadRate(options.rate));
  milliseconds duration = kDurationDefault;
  PANDO_CHECK(ReadSpan("--duration", options.duration, duration));
  scenario.phases = {MakePlateau("warm-up", rate, kWarmUp, false),
                     MakePlateau(fmt::format("{:g}/s", rate), rate, duration, true)};
  return {};
}

Result<Scenario> MakeScenario(const BenchOptions& options) {
  Scenario scenario;
  if (!options.scenario.empty()) {
    PANDO_TRY(scenario, ReadScenario(options.scenario));
  }
  PANDO_CHECK(Override(options, scenario));
  if (scenario.url.empty()) {
    return Error(ErrorId::kConfigInvalid, "neither --scenario nor --url is given").WithHint("see `pando bench --help`");
  }
  if (scenario.name.empty()) scenario.name = options.scenario.empty() ? "one request" : options.scenario;
  if (scenario.phases.empty() && !options.find_knee) {
    return Error(ErrorId::kConfigInvalid, "the scenario has no [[phases]]")
        .WithHint("add a [[phases]] to the scenario, or give --rate");
  }
  return scenario;
}

// The base's path goes before each path; alone, it is the one request.
Result<Workload> MakeWorkload(const Url& url, Scenario& scenario) {
  if (scenario.requests.empty()) {
    RequestSpec only;
    only.path = url.target.empty() ? "/" : url.target;
    only.name = "GET " + only.path;
    scenario.requests.push_back(only);
  } else {
    std::string base = url.target;
    while (base.ends_with('/')) base.pop_back();
    for (RequestSpec& request : scenario.requests) request.path.insert(0, base);
  }
  return Workload::Make(std::move(scenario.parameters), scenario.requests, scenario.headers, url.authority());
}

Result<void> WriteFile(const std::string& path, const std::string& text) {
  if (path.empty()) return {};
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.flush();
  if (!file) return Error(ErrorId::kStartFailed, "the file \"" + path + "\" cannot be written");
  return {};
}

// Measures phases and makes points of them; tells the terminal how far it is.
class Bench {
 public:
  Bench(const Scenario& scenario, const Workload& workload, const Target& target)
      : scenario_(scenario),
        workload_(workload),
        generator_(target, workload,
                   {scenario.connections, scenario.threads, scenario.arrivals, scenario.timeout, scenario.slo}),
        is_terminal_(isatty(STDERR_FILENO) == 1) {}

  Result<std::vector<Point>> Measure(const std::vector<Phase>& phases) {
    // Each measurement has a schedule of its own, and the same one when the seed is given again.
    const uint64_t seed = static_cast<uint64_t>(*scenario_.seed) + measurements_++;
    ProgressListener listener;
    if (is_terminal_) listener = [&phases](const Progress& progress) { Tell(phases, progress); };
    PANDO_TRY(const std::vector<Tally> tallies, generator_.Run(phases, seed, listener));
    std::vector<std::string> names;
    for (const RequestKind& kind : workload_.kinds()) names.push_back(kind.name);
    std::vector<Point> points;
    for (size_t i = 0; i < phases.size(); ++i) {
      if (phases[i].measured) points.push_back(MakePoint(phases[i], tallies[i], names));
    }
    if (is_terminal_) std::fprintf(stderr, "\r\033[K");
    return points;
  }

 private:
  static void Tell(const std::vector<Phase>& phases, const Progress& progress) {
    const double total = std::chrono::duration<double>(DurationOf(phases)).count();
    std::fprintf(stderr, "\r\033[K%.0f of %.0f s: %llu answered, %llu failed", progress.seconds, total,
                 static_cast<unsigned long long>(progress.answered), static_cast<unsigned long long>(progress.failed));
    std::fflush(stderr);
  }

  const Scenario& scenario_;
  const Workload& workload_;
  Generator generator_;
  bool is_terminal_;
  uint64_t measurements_ = 0;
};

Result<void> FillReport(const BenchOptions& options, const Scenario& scenario, Bench& bench, Report& report) {
  if (!options.find_knee) {
    PANDO_TRY(report.points, bench.Measure(scenario.phases));
    return {};
  }
  KneeOptions knee;
  knee.rate_first = kKneeRateFirst;
  if (!options.rate.empty()) {
    PANDO_TRY(knee.rate_first, ReadRate(options.rate));
  }
  PANDO_CHECK(ReadSpan("--duration", options.duration, knee.plateau));
  knee.slo_ms = static_cast<double>(scenario.slo.count());
  knee.overload = !options.no_overload;
  PANDO_TRY(report.knee, FindKnee(
                             knee, [&](const std::vector<Phase>& phases) { return bench.Measure(phases); },
                             [](const KneePoint& point) { std::fputs(KneeLine(point).c_str(), stderr); }));
  return {};
}

}  // namespace

Result<void> RunBench(const BenchOptions& options) {
  PANDO_TRY(Scenario scenario, MakeScenario(options));
  PANDO_TRY(const Url url, ParseUrl(scenario.url));
  PANDO_TRY(const Workload workload, MakeWorkload(url, scenario));
  PANDO_TRY(const Target target, MakeTarget(url, !options.insecure));
  net::RaiseOpenFileLimit();
  // OpenSSL writes to connections that the other side has closed.
  std::signal(SIGPIPE, SIG_IGN);

  Report report;
  report.scenario = scenario.name;
  report.url = scenario.url;
  report.seed = static_cast<uint64_t>(*scenario.seed);
  report.threads = scenario.threads;
  report.connections = scenario.connections;
  report.arrivals = scenario.arrivals == Arrivals::kConstant ? "constant" : "poisson";
  report.slo_ms = static_cast<double>(scenario.slo.count());
  Bench bench(scenario, workload, target);
  PANDO_CHECK(FillReport(options, scenario, bench, report));
  std::fputs(Summary(report).c_str(), stdout);
  PANDO_CHECK(WriteFile(options.json_file, ReportJson(report)));
  return WriteFile(options.csv_file, ReportCsv(report));
}

}  // namespace pando::bench
