// The command line of the program: `pando SUBCOMMAND [--config FILE] [--section.key VALUE...]`.
#pragma once

#include <string>
#include <vector>

namespace pando::cli {

// Runs what the arguments (without the program's name) ask for and answers the exit status: 0 done, 1 failed, 2 asked
// wrongly. An unknown subcommand or option is answered with the nearest known one.
int Run(const std::vector<std::string>& arguments);

}  // namespace pando::cli
