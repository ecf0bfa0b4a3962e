#include "net/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "net/test_certificate.h"

namespace pando::net {
namespace {

using testing::HasSubstr;

TEST(TlsTest, LoadsACertificateAndItsKey) {
  const TestCertificate files("one.example");
  const auto context = LoadTlsContext(files.certificate_file(), files.key_file());
  ASSERT_TRUE(context) << context.error().ToString();
  EXPECT_EQ(SSL_CTX_get_min_proto_version((*context)->native_handle()), TLS1_2_VERSION);
}

TEST(TlsTest, NamesAFileThatIsMissing) {
  const TestCertificate files("one.example");
  const auto context = LoadTlsContext(files.certificate_file() + ".missing", files.key_file());
  ASSERT_FALSE(context);
  EXPECT_EQ(context.error().id(), ErrorId::kTls);
  EXPECT_THAT(context.error().message(), HasSubstr(".missing\" cannot be used: No such file"));
}

TEST(TlsTest, RefusesAKeyOfAnotherCertificate) {
  const TestCertificate one("one.example");
  const TestCertificate two("two.example");
  const auto context = LoadTlsContext(one.certificate_file(), two.key_file());
  ASSERT_FALSE(context);
  EXPECT_THAT(context.error().message(), HasSubstr("key"));
}

TEST(TlsTest, RefusesAFileThatIsNoCertificate) {
  const TestCertificate files("one.example");
  std::ofstream(files.certificate_file()) << "not PEM";
  const auto context = LoadTlsContext(files.certificate_file(), files.key_file());
  ASSERT_FALSE(context);
  EXPECT_THAT(context.error().message(), HasSubstr("certificate"));
}

}  // namespace
}  // namespace pando::net
