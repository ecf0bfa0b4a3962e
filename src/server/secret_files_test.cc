#include "server/secret_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "telemetry/log.h"

namespace pando::server {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SecretFilesTest : public testing::Test {
 protected:
  SecretFilesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pando-secret-files-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    telemetry::SetLogSink([this](std::string_view line) { lines_.emplace_back(line); });
  }
  ~SecretFilesTest() override {
    telemetry::SetLogSink({});
    std::filesystem::remove_all(folder_);
  }

  std::string File(const std::string& name, mode_t mode, const std::string& text = "a secret") {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }

  // With the options that a file sets.
  void Warn(const std::string& file) {
    ProgramOptions options;
    config::Registry registry;
    options.AddTo(registry);
    config::Sources sources;
    sources.file = file;
    const Result<config::LoadReport> loaded = registry.Load(sources);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().ToString();
    WarnOfReadableSecrets(options, registry);
  }

  std::filesystem::path folder_;
  std::vector<std::string> lines_;
};

TEST_F(SecretFilesTest, AreNamedOnceIfOthersMayReadThem) {
  const std::string jwt = File("jwt", 0644), key = File("key.pem", 0604);
  Warn(File("pando.toml", 0644,
            "[http]\ntls_certificate = \"x\"\ntls_key = \"" + key + "\"\n[auth]\njwt_secret = \"@" + jwt + "\"\n"));

  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("secret.readable"), HasSubstr("auth.jwt_secret"),
                                        HasSubstr("chmod 600 " + jwt)),
                                  AllOf(HasSubstr("http.tls_key"), HasSubstr("chmod 600 " + key))));
}

TEST_F(SecretFilesTest, IncludeAFileOfOptionsThatHoldsSecrets) {
  const std::string path = File("pando.toml", 0644,
                                "[auth]\njwt_secret = \"a text and no file, longer than 32 characters\"\n"
                                "[database]\nurl = \"postgres://me:password@host/db\"\n");
  Warn(path);

  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr("auth.jwt_secret"), HasSubstr("database.url"),
                                        HasSubstr("chmod 600 " + path), Not(HasSubstr("password")))));
}

TEST_F(SecretFilesTest, AreSilentIfOfThisAccountAlone) {
  Warn(File("private.toml", 0600, "[auth]\njwt_secret = \"a text and no file, longer than 32 characters\"\n"));
  Warn(File("public.toml", 0644,
            "[database]\nurl = \"postgres://me@host/db\"\n"
            "[auth]\njwt_secret = \"@" +
                File("jwt", 0400) + "\"\n"));
  Warn(File("missing.toml", 0644, "[auth]\njwt_secret = \"@" + (folder_ / "missing").string() + "\"\n"));

  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(SecretFilesTest, OfRootMayBeReadByTheirGroup) {
  const std::string path = File("key.pem", 0640);
  EXPECT_EQ(OthersMayRead(path), ::getuid() != 0);
}

}  // namespace
}  // namespace pando::server
