#include "migrate/files.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <optional>

#include "base/hex.h"

namespace pando::migrate {
namespace {

constexpr size_t kFilesMax = 10'000;
constexpr size_t kFileBytesMax = size_t{64} << 20;
constexpr size_t kDigitsMin = 4;
constexpr size_t kDigitsMax = 18;  // fits an int64_t
constexpr size_t kTimestampDigits = 14;
constexpr std::string_view kSuffix = ".sql";
constexpr std::string_view kNoTransaction = "-- pando: no-transaction";

Error Invalid(std::string message) { return Error(ErrorId::kMigrationInvalid, std::move(message)); }

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

struct FileName {
  int64_t version = 0;
  size_t digits = 0;
  std::string name;
};

// nullopt when the name has another form.
std::optional<FileName> ParseFileName(std::string_view file) {
  file.remove_suffix(kSuffix.size());
  const size_t digits = std::min(file.find_first_not_of("0123456789"), file.size());
  if (digits < kDigitsMin || digits > kDigitsMax || digits + 1 >= file.size() || file[digits] != '_') {
    return std::nullopt;
  }
  FileName parsed;
  parsed.digits = digits;
  std::from_chars(file.data(), file.data() + digits, parsed.version);
  parsed.name = std::string(file.substr(digits + 1));
  if (!std::all_of(parsed.name.begin(), parsed.name.end(), IsNameCharacter)) return std::nullopt;
  return parsed;
}

std::string Sha256(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const int made = EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  PANDO_ASSERT(made == 1);
  std::string hex;
  AppendHex(hex, {reinterpret_cast<const char*>(digest.data()), size});
  return hex;
}

void NormaliseLineEnds(std::string& text) {
  size_t kept = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    text[kept++] = text[i];
  }
  text.resize(kept);
}

// Takes the mark off that some editors put before UTF-8 text (Unicode standard, 23.8).
Result<void> TakeByteOrderMark(std::string& text, const std::filesystem::path& path) {
  constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
  if (text.starts_with(kUtf8Mark)) text.erase(0, kUtf8Mark.size());
  const bool is_wide = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  // The mark of UTF-32 in big-endian order begins with zero bytes, and so does what is wide and has no mark.
  if (!is_wide && text.find('\0') == std::string::npos) return {};
  const char* const what = is_wide ? " is in UTF-16 or UTF-32" : " holds a zero byte: it is not in UTF-8";
  return Invalid("the migration " + path.string() + what).WithHint("save it as UTF-8");
}

Result<std::string> ReadText(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return Invalid("cannot read the migration " + path.string());
  if (size > kFileBytesMax) return Invalid("the migration " + path.string() + " is larger than 64 MiB");
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(size));
  text.resize(static_cast<size_t>(file.gcount()));
  PANDO_CHECK(TakeByteOrderMark(text, path));
  NormaliseLineEnds(text);
  return text;
}

Result<void> CheckStatements(const Migration& migration) {
  for (const Statement& statement : SplitStatements(migration.text)) {
    const std::string place = migration.file + ":" + std::to_string(statement.line) + ": ";
    if (migration.transaction && ControlsTransaction(statement.text)) {
      return Invalid(place + "a migration runs in a transaction of its own and cannot begin or end one")
          .WithHint("remove the statement, or make \"" + std::string(kNoTransaction) + "\" the first line");
    }
    if (CopiesFromClient(statement.text)) {
      return Invalid(place + "a migration cannot copy from standard input").WithHint("write the rows as INSERT");
    }
  }
  return {};
}

Result<std::vector<std::filesystem::path>> ListFiles(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return files;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    const std::string file = entries->path().filename().string();
    if (!file.ends_with(kSuffix) || file.starts_with('.')) continue;
    files.push_back(entries->path());
    if (files.size() > kFilesMax) return Invalid(folder.string() + " holds more than 10,000 migrations");
  }
  if (error) return Invalid("cannot read the folder " + folder.string() + ": " + error.message());
  return files;
}

std::string Timestamp() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, kTimestampDigits + 1> text{};
  std::strftime(text.data(), text.size(), "%Y%m%d%H%M%S", &utc);
  return text.data();
}

std::string Padded(int64_t version, size_t digits) {
  std::string text = std::to_string(version);
  if (text.size() < digits) text.insert(0, digits - text.size(), '0');
  return text;
}

// Words in lower case, with underscores between.
std::string Slug(const std::string& name) {
  std::string slug;
  for (char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      slug.push_back(upper ? static_cast<char>(c + ('a' - 'A')) : c);
    } else if (!slug.empty() && slug.back() != '_') {
      slug.push_back('_');
    }
  }
  while (slug.ends_with('_')) slug.pop_back();
  return slug;
}

Result<std::string> NextNumber(const std::filesystem::path& folder) {
  PANDO_TRY(const std::vector<std::filesystem::path> files, ListFiles(folder));
  int64_t newest = 0;
  size_t digits = kDigitsMin;
  for (const std::filesystem::path& path : files) {
    const std::optional<FileName> parsed = ParseFileName(path.filename().string());
    if (!parsed || parsed->version < newest) continue;
    newest = parsed->version;
    digits = parsed->digits;
  }
  if (digits != kTimestampDigits) return Padded(newest + 1, digits);
  return std::max(Timestamp(), Padded(newest + 1, digits));
}

}  // namespace

Result<std::vector<Migration>> ReadMigrations(const std::filesystem::path& folder) {
  PANDO_TRY(const std::vector<std::filesystem::path> files, ListFiles(folder));
  std::vector<Migration> migrations;
  for (const std::filesystem::path& path : files) {
    Migration migration;
    migration.file = path.filename().string();
    const std::optional<FileName> parsed = ParseFileName(migration.file);
    if (!parsed) {
      return Invalid("the migration " + path.string() + " is not named like 0001_create_orders.sql")
          .WithHint("rename it, or move it out of the folder");
    }
    migration.version = parsed->version;
    migration.name = parsed->name;
    PANDO_TRY(migration.text, ReadText(path));
    migration.checksum = Sha256(migration.text);
    const std::string_view first_line = std::string_view(migration.text).substr(0, migration.text.find('\n'));
    migration.transaction = !first_line.starts_with(kNoTransaction);
    PANDO_CHECK(CheckStatements(migration));
    migrations.push_back(std::move(migration));
  }
  std::sort(migrations.begin(), migrations.end(), [](const Migration& a, const Migration& b) {
    return std::tie(a.version, a.file) < std::tie(b.version, b.file);
  });
  const auto twin = std::adjacent_find(migrations.begin(), migrations.end(),
                                       [](const Migration& a, const Migration& b) { return a.version == b.version; });
  if (twin != migrations.end()) {
    return Invalid("the migrations " + twin->file + " and " + std::next(twin)->file + " have the same number");
  }
  return migrations;
}

Result<std::filesystem::path> NewMigration(const std::filesystem::path& folder, const std::string& name) {
  const std::string slug = Slug(name);
  if (slug.empty()) return Invalid("the name \"" + name + "\" has no letter and no digit");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Invalid("cannot make the folder " + folder.string() + ": " + error.message());
  PANDO_TRY(const std::string number, NextNumber(folder));
  const std::filesystem::path path = folder / (number + "_" + slug + std::string(kSuffix));
  const std::string text = "-- " + slug +
                           "\n-- Runs in one transaction, once. Do not change it after it was applied: write the next "
                           "one instead.\n\n";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  const bool written = file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error_number = errno;
  if (file >= 0) close(file);
  if (!written) return Invalid("cannot write " + path.string() + ": " + std::strerror(error_number));
  return path;
}

}  // namespace pando::migrate
