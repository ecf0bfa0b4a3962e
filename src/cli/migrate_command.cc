#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "migrate/files.h"
#include "server/commands.h"

namespace pando::cli {
namespace {

int Up(Context& context) {
  const Result<void> loaded = context.Load();
  if (!loaded) return Fail(loaded.error());
  const Result<void> migrated = server::MigrateUp(context.options);
  return migrated ? kSuccess : Fail(migrated.error());
}

int Status(Context& context) {
  const Result<void> loaded = context.Load();
  if (!loaded) return Fail(loaded.error());
  const Result<void> listed = server::MigrateStatus(context.options);
  return listed ? kSuccess : Fail(listed.error());
}

int New(Context& context, const std::string& name) {
  const Result<void> loaded = context.Load();
  if (!loaded) return Fail(loaded.error());
  const auto made = migrate::NewMigration(context.options.migrate.folder, name);
  if (!made) return Fail(made.error());
  std::printf("%s\n", made->c_str());
  return kSuccess;
}

}  // namespace

void AddMigrateCommand(CLI::App& app, Context& context, Actions& actions) {
  CLI::App* command = app.add_subcommand("migrate", "Apply the migrations that are pending");
  AddConfigurationOptions(*command, context);
  actions[command] = [&context] { return Up(context); };

  actions[command->add_subcommand("up", "Apply the migrations that are pending (the default)")] = [&context] {
    return Up(context);
  };
  actions[command->add_subcommand("status", "List what is applied and what is pending")] = [&context] {
    return Status(context);
  };
  CLI::App* make = command->add_subcommand("new", "Make the next migration file");
  const auto name = std::make_shared<std::string>();
  make->add_option("NAME", *name, "What it does, such as create_orders")->required();
  actions[make] = [&context, name] { return New(context, *name); };
}

}  // namespace pando::cli
