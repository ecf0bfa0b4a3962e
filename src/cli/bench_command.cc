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
  command.Option("--schema", options->schema, "NAME", "Whose tables (public)");
  command.Option("--rows", options->rows, "N",
                 "Rows of each table that no other refers to (100000); others get a tenth");
  command.Option("--tables", options->tables, "LIST",
                 "Other numbers for some: orders=500000,items=1000; 0 leaves one empty");
  command.Option("--seed", options->seed, "N", "The same rows again (1)");
  command.Run([&context, options] { return Populate(context, *options); });
}

}  // namespace

void AddBenchCommand(Command program, Context& context) {
  Command command = program.Add("bench", "Measure a server under an open-loop load");
  const auto options = std::make_shared<bench::BenchOptions>();
  command.Option("--scenario", options->scenario, "FILE",
                 "TOML file with the requests and phases; else --url is asked for");
  command.Option("--url", options->url, "URL",
                 "Where to, http:// or https://; a path in it goes before those of the scenario");
  command.Option("--rate", options->rate, "N", "Requests a second on one plateau, instead of the scenario's phases");
  command.Option("--duration", options->duration, "SPAN",
                 "Length of that plateau (10s), or of each one of --find-knee (8s)");
  command.Option("--arrivals", options->arrivals, "KIND",
                 "constant, or poisson as of independent clients (the default)");
  command.Option("--connections", options->connections, "N", "Connections that are kept open (64)");
  command.Option("--threads", options->threads, "N", "Threads that send (1); each takes a core near its limit");
  command.Option("--timeout", options->timeout, "SPAN", "A request that takes longer has failed (10s)");
  command.Option("--slo", options->slo, "SPAN", "The promise for the 99th percentile of the response time (50ms)");
  command.Option("--seed", options->seed, "N", "The same schedule and parameters again");
  command.Flag("--find-knee", options->find_knee,
               "Search for the highest rate that keeps the promise; --rate begins it");
  command.Flag("--no-overload", options->no_overload, "Search without 1.5, 3 and 10 times the knee at the end");
  command.Flag("--insecure", options->insecure, "Take any certificate");
  command.Option("--json", options->json_file, "FILE", "Write every figure as JSON");
  command.Option("--csv", options->csv_file, "FILE", "Write a line for each point");
  command.Run([options] { return Bench(*options); });
  AddPopulateCommand(command, context);
}

}  // namespace pando::cli
