#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "server/commands.h"

namespace pando::cli {
namespace {

int Keys(Context& context, const server::KeysRequest& request) {
  const Result<void> loaded = context.Load();
  if (!loaded) return Fail(loaded.error());
  const Result<void> printed = server::PrintKeys(context.options, request);
  return printed ? kSuccess : Fail(printed.error());
}

}  // namespace

void AddKeysCommand(CLI::App& app, Context& context, Actions& actions) {
  CLI::App* command = app.add_subcommand("keys", "Print tokens for the roles anon and service_role");
  AddConfigurationOptions(*command, context);
  const auto request = std::make_shared<server::KeysRequest>();
  command->add_option("--role", request->role, "Print the token of this role only, for scripts")->type_name("ROLE");
  command->add_option("--sub", request->subject, "Claim \"sub\" of the token: whom it stands for")->type_name("TEXT");
  command->add_option("--seconds", request->lifetime_seconds, "How long the token is valid (10 years)")
      ->type_name("SECONDS");
  actions[command] = [&context, request] { return Keys(context, *request); };
}

}  // namespace pando::cli
