// The subcommands. Each adds its part of the command line to the application and the action that runs it.
//
// Concurrency  single-owner: the main thread
#pragma once

#include "cli/command.h"
#include "cli/context.h"

namespace pando::cli {

// REQUIRES (all): `context` outlives the actions.
void AddServeCommand(Command program, Context& context);
void AddMigrateCommand(Command program, Context& context);
void AddKeysCommand(Command program, Context& context);
void AddConfigCommand(Command program, Context& context);
void AddVersionCommand(Command program);
void AddBenchCommand(Command program, Context& context);

// Adds --config to a subcommand, and the list of all options to its help.
void AddConfigurationOptions(Command command, Context& context);

}  // namespace pando::cli
