#include "base/role_name.h"

#include <gtest/gtest.h>

#include <string>

namespace pando {
namespace {

TEST(RoleNameTest, IsAnythingThatPostgresTakesForExactlyThatRole) {
  for (const std::string& name : {std::string("anon"), std::string("None"), std::string(" none"), std::string("a b"),
                                  std::string("\xC3\xA9"), std::string(63, 'a')}) {
    EXPECT_TRUE(IsRoleName(name)) << name;
  }
}

TEST(RoleNameTest, IsNothingThatPostgresWouldTakeForAnother) {
  using std::string_literals::operator""s;
  for (const std::string& text :
       {""s, " "s, "  \t\n"s, "none"s, "\0"s, "anon\0x"s, "\0anon"s, std::string(64, 'a'), std::string(10'000, 'a')}) {
    EXPECT_FALSE(IsRoleName(text)) << text;
  }
}

}  // namespace
}  // namespace pando
