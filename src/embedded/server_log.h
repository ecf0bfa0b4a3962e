// What PostgreSQL's programs wrote when they failed.
//
// Concurrency  pure functions on the file system
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace pando::embedded {

inline constexpr std::string_view kStartLog = "pando-start.log";

// The lines of `text` that say why: those of FATAL, PANIC, DETAIL, HINT and initdb's errors. At most 1,000 bytes.
std::string ReasonIn(std::string_view text);

// PostgreSQL ran out of disk.
bool SaysDiskFull(std::string_view text);

// Where the files in log/ ended before a start.
using LogEnds = std::map<std::filesystem::path, uintmax_t>;
LogEnds MarkLogEnds(const std::filesystem::path& data_folder);

// Why the server of this data folder did not start: what it wrote to its standard error, and the reason in what it
// wrote to log/ since `before`.
std::string FindReason(const std::filesystem::path& data_folder, const LogEnds& before);

}  // namespace pando::embedded
