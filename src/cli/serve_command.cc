#include "cli/commands.h"
#include "server/serving.h"

namespace pando::cli {
namespace {

int Serve(Context& context) {
  const Result<void> loaded = context.Load();
  if (!loaded) return Fail(loaded.error());
  server::ServeDeps deps;
  deps.read_sources = [&context] { return context.ReadSources(); };
  const Result<void> served = server::Serve(context.options, context.registry, std::move(deps));
  return served ? kSuccess : Fail(served.error());
}

}  // namespace

void AddServeCommand(Command program, Context& context) {
  Command command = program.Add("serve", "Serve the database over REST until SIGTERM");
  AddConfigurationOptions(command, context);
  command.Run([&context] { return Serve(context); });
}

}  // namespace pando::cli
