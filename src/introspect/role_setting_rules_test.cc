#include "introspect/role_setting_rules.h"

#include <gtest/gtest.h>

namespace pando::introspect {
namespace {

TEST(RoleSettingRules, ReserveWhatAnswersAreReadBy) {
  for (const char* name : {"client_encoding", "bytea_output", "standard_conforming_strings", "client_min_messages"}) {
    EXPECT_FALSE(MayRoleSet(name)) << name;
  }
}

TEST(RoleSettingRules, ReserveWhoTheSessionIs) {
  for (const char* name : {"role", "session_authorization", "exit_on_error"}) EXPECT_FALSE(MayRoleSet(name)) << name;
}

TEST(RoleSettingRules, LeaveTheRest) {
  for (const char* name :
       {"statement_timeout", "work_mem", "TimeZone", "DateStyle", "IntervalStyle", "extra_float_digits", "search_path",
        "default_transaction_isolation", "row_security", "default_transaction_read_only", "xmlbinary", "lc_monetary"}) {
    EXPECT_TRUE(MayRoleSet(name)) << name;
  }
}

}  // namespace
}  // namespace pando::introspect
