#include "cli/command_line.h"

int main(int argc, char** argv) { return pando::cli::Run({argv + 1, argv + argc}); }
