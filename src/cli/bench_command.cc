#include <memory>

#include "bench/bench.h"
#include "bench/populate.h"
#include "cli/commands.h"
#include "server/commands.h"

namespace pando::cli {
namespace {

int Bench(const bench::BenchOptions& options) {
  const Result<void> ran = bench::RunBench(options);
  return ran ? kSuccess : Fail(ran.error());
}

int Populate(Context& context, const bench::PopulateOptions& options) {
  const Result<void> loaded = context.Load();
  if (!loaded) return Fail(loaded.error());
  const Result<void> populated = server::WithDatabase(
      context.options, [&](const std::string& owner_uri) { return bench::Populate(owner_uri, options); });
  return populated ? kSuccess : Fail(populated.error());
}

void AddPopulateCommand(Command bench, Context& context) {
  Command command = bench.Add("populate", "Fill the tables of a schema with realistic rows");
  AddConfigurationOptions(command, context);
  const auto options = std::make_shared<bench::PopulateOptions>();
  command.Option("--schema", options->schema, "NAME", "Schema whose tables are filled (default: public)");
  command.Option("--rows", options->rows, "N",
                 "Rows for each table that no other table refers to (default: 100000); the others get a tenth");
  command.Option("--tables", options->tables, "LIST",
                 "Rows for single tables, such as orders=500000,items=1000; 0 leaves a table empty");
  command.Option("--seed", options->seed, "N",
                 "Number that the rows follow from: the same seed makes the same rows (default: 1)");
  command.Run([&context, options] { return Populate(context, *options); });
}

}  // namespace

void AddBenchCommand(Command program, Context& context) {
  Command command = program.Add("bench", "Measure a server under an open-loop load");
  const auto options = std::make_shared<bench::BenchOptions>();
  command.Option("--scenario", options->scenario, "FILE",
                 "TOML file with the requests and phases; without it, Pando requests --url itself");
  command.Option("--url", options->url, "URL",
                 "Server to measure, http:// or https://; a path in it goes before those of the scenario");
  command.Option("--rate", options->rate, "N", "Requests a second on one plateau, instead of the scenario's phases");
  command.Option("--duration", options->duration, "SPAN",
                 "Length of that plateau (default: 10s), or of each plateau of --find-knee (default: 8s)");
  command.Option("--arrivals", options->arrivals, "KIND",
                 "constant, or poisson: as independent clients send (default: poisson)");
  command.Option("--connections", options->connections, "N", "Connections that are kept open (default: 64)");
  command.Option("--threads", options->threads, "N",
                 "Threads that send (default: 1); near its limit each takes a core");
  command.Option("--timeout", options->timeout, "SPAN", "Time after which a request counts as failed (default: 10s)");
  command.Option("--slo", options->slo, "SPAN",
                 "Longest response time that the 99th percentile may have (default: 50ms)");
  command.Option("--seed", options->seed, "N",
                 "Number that schedule and parameters follow from: the same seed repeats them");
  command.Flag("--find-knee", options->find_knee, "Search for the highest rate that keeps --slo, beginning at --rate");
  command.Flag("--no-overload", options->no_overload,
               "Leave out the plateaus at 1.5, 3 and 10 times the knee, at the end of --find-knee");
  command.Flag("--insecure", options->insecure, "Accept any certificate of the server");
  command.Option("--json", options->json_file, "FILE", "Write all figures to this file, as JSON");
  command.Option("--csv", options->csv_file, "FILE", "Write a line for each point to this file, as CSV");
  command.Run([options] { return Bench(*options); });
  AddPopulateCommand(command, context);
}

}  // namespace pando::cli
