#include "cli/command.h"

#include <CLI/CLI.hpp>

namespace pando::cli {

Command Command::Add(const std::string& name, const std::string& help) {
  return Command(*app_->add_subcommand(name, help), *actions_);
}

void Command::Run(std::function<int()> action) { (*actions_)[app_] = std::move(action); }

void Command::Option(const std::string& name, std::string& value, const std::string& placeholder,
                     const std::string& help) {
  app_->add_option(name, value, help)->type_name(placeholder);
}

void Command::Option(const std::string& name, int64_t& value, const std::string& placeholder, const std::string& help) {
  app_->add_option(name, value, help)->type_name(placeholder);
}

void Command::Flag(const std::string& name, bool& value, const std::string& help) { app_->add_flag(name, value, help); }

void Command::RequiredArgument(const std::string& name, std::string& value, const std::string& help) {
  app_->add_option(name, value, help)->required();
}

void Command::Footer(std::function<std::string()> text) { app_->footer(std::move(text)); }

}  // namespace pando::cli
