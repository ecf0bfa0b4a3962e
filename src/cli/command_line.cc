#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "cli/commands.h"
#include "config/flags.h"
#include "config/nearest.h"
#include "config/reference.h"
#include "config/unknown.h"
#include "telemetry/version.h"

namespace pando::cli {
namespace {

// The subcommand that the arguments name, the innermost one.
const CLI::App* Chosen(const CLI::App& app) {
  const CLI::App* chosen = &app;
  while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
  return chosen;
}

// Everything that could have stood where an argument was not understood.
std::vector<std::string> KnownWords(const CLI::App& app, const Context& context, bool is_option) {
  std::vector<std::string> words;
  if (is_option) words = config::FlagNames(context.registry.rows());
  for (const CLI::App* command = Chosen(app); command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        if (is_option) words.push_back("--" + name);
      }
    }
    for (const CLI::App* inner : command->get_subcommands([](const CLI::App*) { return true; })) {
      if (!is_option) words.push_back(inner->get_name());
    }
  }
  return words;
}

int RefuseArgument(const CLI::App& app, const Context& context, const std::string& argument) {
  const std::string word = argument.substr(0, argument.find('='));
  const bool is_option = word.starts_with('-');
  const std::string what = is_option ? "there is no option \"" : "there is no subcommand \"";
  const std::optional<std::string> hint = config::NearestHint(word, KnownWords(app, context, is_option));
  return Fail(Error(ErrorId::kConfigUnknownKey, what + word + "\"").WithHint(hint ? *hint : "see `pando --help`"),
              kUsage);
}

void AddCommands(CLI::App& app, Context& context, Actions& actions) {
  const Command program(app, actions);
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", "pando " + std::string(telemetry::kVersion), "Print the version");
  // Extras are looked at afterwards, so that the nearest known word can be named.
  app.allow_extras();
  app.fallthrough();
  AddServeCommand(program, context);
  AddMigrateCommand(program, context);
  AddKeysCommand(program, context);
  AddConfigCommand(program, context);
  AddBenchCommand(program, context);
  AddVersionCommand(program);
  // Subcommands that are added after this would have it too.
  app.footer("`pando SUBCOMMAND --help` describes a subcommand; `pando serve --help` lists all options.");
}

int RunParsed(const CLI::App& app, const Context& context, const Actions& actions) {
  const std::vector<std::string> extras = app.remaining(true);
  if (!extras.empty()) return RefuseArgument(app, context, extras.front());
  const auto action = actions.find(Chosen(app));
  if (action == actions.end()) {
    std::cerr << app.help();
    return kUsage;
  }
  return action->second();
}

}  // namespace

void AddConfigurationOptions(Command command, Context& context) {
  command.Option("--config", context.config_file, "FILE",
                 std::string("TOML file with the configuration (default: ") + kDefaultConfigFile + " if there is one)");
  command.Footer([&context] {
    return "Options, with their defaults. An option is a flag (--http.listen), a variable (PANDO_HTTP_LISTEN) or a key "
           "of\n"
           "the file (listen in the section [http]). A flag wins over a variable, and a variable over the file.\n" +
           config::HelpText(context.registry);
  });
}

int Run(const std::vector<std::string>& arguments) {
  Context context;
  Result<config::CommandLine> line = config::ReadFlags(arguments, context.registry.rows());
  if (!line) return Fail(line.error(), kUsage);
  context.flags = std::move(line->settings);

  CLI::App app("Pando serves a PostgreSQL database over REST.", "pando");
  Actions actions;
  AddCommands(app, context, actions);
  // CLI11 takes its arguments from the back.
  std::vector<std::string> reversed(line->others.rbegin(), line->others.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& refused) {
    std::fprintf(stderr, "pando: %s\n", refused.what());
    return kUsage;
  }
  return RunParsed(app, context, actions);
}

}  // namespace pando::cli
