#include "embedded/secret.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "embedded/file.h"
#include "embedded/file_descriptor.h"
#include "telemetry/log.h"

namespace pando::embedded {
namespace {

constexpr size_t kSecretBytes = 48;
constexpr size_t kSecretCharactersMin = 32;
constexpr size_t kFileBytesMax = 4096;

Error Failed(std::string what, const std::filesystem::path& path) {
  return Error(ErrorId::kStartFailed, "cannot " + what + " the secret " + path.string() + ": " + std::strerror(errno));
}

Result<std::string> MakeSecret() {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  static_assert(kSecretBytes % 3 == 0);
  std::array<unsigned char, kSecretBytes> bytes{};
  if (RAND_bytes(bytes.data(), kSecretBytes) != 1)
    return Error(ErrorId::kStartFailed, "the operating system gives no random numbers");
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const unsigned group = (unsigned{bytes[i]} << 16) | (unsigned{bytes[i + 1]} << 8) | bytes[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) text.push_back(kAlphabet[(group >> shift) & 63]);
  }
  return text;
}

// nullopt when there is no file.
Result<std::optional<Secret>> Load(const std::filesystem::path& path) {
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid() && errno == ENOENT) return std::optional<Secret>();
  struct stat status {};
  if (!file.valid() || fstat(file.get(), &status) != 0) return Failed("read", path);
  if ((status.st_mode & 0077) != 0) {
    telemetry::Log(
        telemetry::Level::kWarn, "embedded.secret",
        "other accounts could read the file of the secret that signs tokens; Pando has made it private. If one of them "
        "may have read it, remove the file and start Pando again: tokens signed so far are then refused",
        {{"path", path.native()}});
    if (fchmod(file.get(), 0600) != 0) return Failed("make private", path);
  }
  std::string text(kFileBytesMax, '\0');
  const ssize_t count = read(file.get(), text.data(), text.size());
  if (count < 0) return Failed("read", path);
  text.resize(static_cast<size_t>(count));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.size() < kSecretCharactersMin) {
    return Error(ErrorId::kStartFailed, "the secret " + path.string() + " is shorter than 32 characters")
        .WithHint(
            "restore the file, or remove it so that Pando makes a new secret (tokens signed so far are then refused)");
  }
  return std::optional<Secret>(Secret(std::move(text)));
}

// Writes a file of its own and links it into place: the name appears with the whole text or not at all, and
// never over a secret that somebody else made in the meantime.
Result<void> Create(const std::filesystem::path& path) {
  PANDO_TRY(const std::string text, MakeSecret());
  std::string temporary = path.string() + ".XXXXXX";
  FileDescriptor file(mkostemp(temporary.data(), O_CLOEXEC));  // 0600
  if (!file.valid()) return Failed("write", path);
  const bool written =
      write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file.get()) == 0;
  const bool linked = written && (link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int error_number = errno;
  unlink(temporary.c_str());
  errno = error_number;
  if (!linked) return Failed("write", path);
  return SyncFolder(path.parent_path());
}

}  // namespace

Result<Secret> LoadOrCreateSecret(const std::filesystem::path& folder) {
  const std::filesystem::path path = std::filesystem::absolute(folder) / kSecretFile;
  PANDO_CHECK(MakeFolder(path.parent_path(), 0700, Account()));
  PANDO_TRY(std::optional<Secret> secret, Load(path));
  if (secret) return std::move(*secret);
  PANDO_CHECK(Create(path));
  PANDO_TRY(secret, Load(path));
  if (!secret) return Failed("read", path);
  return std::move(*secret);
}

}  // namespace pando::embedded
