// A database of one's own for tests of introspection: a private cluster for the whole test program, on a Unix socket
// only, and in it three schemas that each test finds empty: api (exposed), extra (for the extra search path), hidden.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "introspect/introspect.h"

namespace pando::introspect {

class IntrospectFixture : public ::testing::Test {
 protected:
  void SetUp() override;

  // Runs statements as superuser; a failure fails the test.
  void Execute(std::string_view sql);

  // Loads as superuser / as `role`; a failure aborts.
  std::shared_ptr<const catalog::Catalog> Load(IntrospectOptions options = {{"api"}, {}, ""});
  std::shared_ptr<const catalog::Catalog> LoadAs(std::string_view role, IntrospectOptions options);
};

}  // namespace pando::introspect
