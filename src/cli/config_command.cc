#include <cstdio>
#include <memory>

#include "auth/verifier.h"
#include "cli/commands.h"
#include "config/dump.h"
#include "config/nearest.h"
#include "config/reference.h"
#include "config/unknown.h"
#include "telemetry/log_inventory.h"
#include "telemetry/metrics_page.h"

namespace pando::cli {
namespace {

struct ConfigArguments {
  std::string get;  // print this option only
  bool json = false;
};

int Print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  // A page cut short by a full disk must not pass for a whole one.
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? kSuccess : kFailure;
}

int PrintOne(const Context& context, const std::string& name) {
  const config::Slot* slot = context.registry.Find(name);
  if (slot != nullptr) return Print(slot->Plain() + "\n");
  return Fail(config::UnknownKey(name, "--get", config::OptionNames(context.registry.rows())), kUsage);
}

int PrintConfiguration(Context& context, const ConfigArguments& arguments) {
  const Result<void> loaded = context.Load();
  if (!loaded) return Fail(loaded.error());
  if (!arguments.get.empty()) return PrintOne(context, arguments.get);
  return Print(arguments.json ? config::DumpJson(context.registry) + "\n" : config::DumpToml(context.registry));
}

// Reads everything that a start would read without touching the database or the network.
Result<void> Check(Context& context) {
  PANDO_CHECK(context.Load());
  const bool has_secret = !context.options.auth.jwt_secret.empty();
  if (has_secret) PANDO_CHECK(auth::Verifier::Create(context.options.auth));
  return {};
}

int CheckConfiguration(Context& context) {
  const Result<void> checked = Check(context);
  return checked ? Print("the configuration is in order\n") : Fail(checked.error());
}

}  // namespace

void AddConfigCommand(Command program, Context& context) {
  Command command = program.Add("config", "Print the configuration in force, and where each value came from");
  AddConfigurationOptions(command, context);
  const auto arguments = std::make_shared<ConfigArguments>();
  command.Option("--get", arguments->get, "NAME", "Print only the value of this option, for scripts");
  command.Flag("--json", arguments->json, "Print JSON instead of TOML");
  command.Run([&context, arguments] { return PrintConfiguration(context, *arguments); });

  command.Add("check", "Check the configuration, without the database or the network").Run([&context] {
    return CheckConfiguration(context);
  });
  command.Add("reference", "Print docs/reference/options.md").Run([&context] {
    return Print(config::OptionsPage(context.registry));
  });
  command.Add("errors", "Print docs/reference/errors.md").Run([] { return Print(config::ErrorsPage()); });
  command.Add("metrics", "Print docs/reference/metrics.md").Run([] { return Print(telemetry::MetricsPage()); });
  command.Add("logs", "Print docs/reference/logs.md").Run([] { return Print(telemetry::LogsPage()); });
}

}  // namespace pando::cli
