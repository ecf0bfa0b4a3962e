// A Command is a subcommand's place on the command line: its options, its own subcommands, and what runs when the line
// ends with it. CLI11 is met behind it, in command.cc and command_line.cc alone: a unit that includes it costs 8 s.
//
// Concurrency  single-owner: the main thread
// Ownership    a handle; the application that cli::Run() makes owns what it names
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace CLI {
class App;
}

namespace pando::cli {

// What runs when the command line ends with that subcommand; answers the exit status.
using Actions = std::map<const CLI::App*, std::function<int()>>;

class Command {
 public:
  // REQUIRES: `app` and `actions` outlive the command and those made from it.
  Command(CLI::App& app, Actions& actions) : app_(&app), actions_(&actions) {}

  // A subcommand with its line of help.
  Command Add(const std::string& name, const std::string& help);

  // What runs when the line ends here.
  void Run(std::function<int()> action);

  // Options and arguments; each writes into its variable, which lives as long as the application.
  void Option(const std::string& name, std::string& value, const std::string& placeholder, const std::string& help);
  void Option(const std::string& name, int64_t& value, const std::string& placeholder, const std::string& help);
  void Flag(const std::string& name, bool& value, const std::string& help);
  void RequiredArgument(const std::string& name, std::string& value, const std::string& help);

  // Printed below the help, made only when that is asked for.
  void Footer(std::function<std::string()> text);

 private:
  CLI::App* app_;     // constant after construction
  Actions* actions_;  // constant after construction
};

}  // namespace pando::cli
