// The subcommands. Each adds its part of the command line to the application and the action that runs it.
//
// Concurrency  single-owner: the main thread
#pragma once

#include <functional>
#include <map>

#include "cli/context.h"

namespace CLI {
class App;
}

namespace pando::cli {

// What runs when the command line ends with that subcommand; answers the exit status.
using Actions = std::map<const CLI::App*, std::function<int()>>;

// REQUIRES (all): `context` outlives the actions.
void AddServeCommand(CLI::App& app, Context& context, Actions& actions);
void AddMigrateCommand(CLI::App& app, Context& context, Actions& actions);
void AddKeysCommand(CLI::App& app, Context& context, Actions& actions);
void AddConfigCommand(CLI::App& app, Context& context, Actions& actions);
void AddVersionCommand(CLI::App& app, Actions& actions);

// Adds --config to a subcommand, and the list of all options to its help.
void AddConfigurationOptions(CLI::App& command, Context& context);

}  // namespace pando::cli
