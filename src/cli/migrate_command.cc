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

void AddMigrateCommand(Command program, Context& context) {
  Command command = program.Add("migrate", "Apply the migrations that are pending");
  AddConfigurationOptions(command, context);
  command.Run([&context] { return Up(context); });

  command.Add("up", "Apply the migrations that are pending (the default)").Run([&context] { return Up(context); });
  command.Add("status", "List what is applied and what is pending").Run([&context] { return Status(context); });
  Command make = command.Add("new", "Create the file of the next migration");
  const auto name = std::make_shared<std::string>();
  make.RequiredArgument("NAME", *name, "What the migration does, such as create_orders");
  make.Run([&context, name] { return New(context, *name); });
}

}  // namespace pando::cli
