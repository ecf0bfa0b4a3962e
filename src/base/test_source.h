// Reads files of the source tree, for tests that compare the program with a committed page. The tree is found at run
// time: a path compiled in would differ from clone to clone, and ccache could not share what was compiled.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace pando {

// The root of the source tree: the nearest folder above the running program that holds `dev`. Aborts with a message
// where there is none, as in a program that was copied out of its build folder.
inline std::filesystem::path SourceFolder() {
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  for (std::filesystem::path folder = program.parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    if (std::filesystem::exists(folder / "dev") && std::filesystem::exists(folder / "src")) return folder;
  }
  std::fprintf(stderr, "test_source: there is no source tree above %s\n", program.c_str());
  std::abort();
}

// The bytes of a file, by its path below the root; "" where it cannot be read.
inline std::string SourceText(const std::string& path) {
  std::ifstream file(SourceFolder() / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace pando
