#include "auth/base64url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::auth {
namespace {

using testing::Optional;

TEST(Base64Url, EncodesTheVectorsOfRfc4648WithoutPadding) {
  EXPECT_EQ(EncodeBase64Url(""), "");
  EXPECT_EQ(EncodeBase64Url("f"), "Zg");
  EXPECT_EQ(EncodeBase64Url("fo"), "Zm8");
  EXPECT_EQ(EncodeBase64Url("foo"), "Zm9v");
  EXPECT_EQ(EncodeBase64Url("\xfb\xff"), "-_8");
}

TEST(Base64Url, DecodesWhatItEncodes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    EXPECT_THAT(DecodeBase64Url(EncodeBase64Url(bytes)), Optional(bytes));
    bytes.push_back(static_cast<char>(i));
  }
}

TEST(Base64Url, RefusesPaddingForeignCharactersAndImpossibleLengths) {
  EXPECT_EQ(DecodeBase64Url("Zg=="), std::nullopt);
  EXPECT_EQ(DecodeBase64Url("Zm9v\n"), std::nullopt);
  EXPECT_EQ(DecodeBase64Url("+/8"), std::nullopt);
  EXPECT_EQ(DecodeBase64Url("Zm9vY"), std::nullopt);
}

TEST(Base64Url, RefusesASecondSpellingOfTheSameBytes) {
  EXPECT_THAT(DecodeBase64Url("Zg"), Optional(std::string("f")));
  EXPECT_EQ(DecodeBase64Url("Zh"), std::nullopt);
}

TEST(Base64Lenient, TakesEitherAlphabetPaddingAndLineBreaks) {
  EXPECT_THAT(DecodeBase64Lenient("+/8=\n"), Optional(std::string("\xfb\xff")));
  EXPECT_THAT(DecodeBase64Lenient("-_8"), Optional(std::string("\xfb\xff")));
  EXPECT_THAT(DecodeBase64Lenient("Zm9v\r\n Zm9v"), Optional(std::string("foofoo")));
  EXPECT_EQ(DecodeBase64Lenient("Zg==="), std::nullopt);
}

}  // namespace
}  // namespace pando::auth
