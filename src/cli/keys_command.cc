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

void AddKeysCommand(Command program, Context& context) {
  Command command = program.Add("keys", "Print tokens for the roles anon and service_role");
  AddConfigurationOptions(command, context);
  const auto request = std::make_shared<server::KeysRequest>();
  command.Option("--role", request->role, "ROLE", "Print the token of this role only, for scripts");
  command.Option("--sub", request->subject, "TEXT", "Claim \"sub\" of the token: the user that it is for");
  command.Option("--seconds", request->lifetime_seconds, "SECONDS",
                 "Time for which the token is valid (default: 10 years)");
  command.Run([&context, request] { return Keys(context, *request); });
}

}  // namespace pando::cli
