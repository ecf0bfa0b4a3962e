// What the server wrote when it did not start.
//
// Concurrency  pure functions on the file system
#pragma once

#include <filesystem>
#include <string>

namespace pando::embedded {

inline constexpr std::string_view kStartLog = "pando-start.log";

// The lines of `text` that say why: those of FATAL, PANIC, ERROR, DETAIL and HINT, or when there is none, the last. At
// most 1,000 bytes.
std::string ReasonIn(std::string_view text);

// The reason in what the server of this data folder wrote last: to its standard error, and to the newest file in log/
// that was written since `since`.
std::string FindReason(const std::filesystem::path& data_folder, std::filesystem::file_time_type since);

}  // namespace pando::embedded
