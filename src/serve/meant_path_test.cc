#include "serve/meant_path.h"

#include <gtest/gtest.h>

#include "plan/test_catalog.h"

namespace pando::serve {
namespace {

class MeantPathTest : public testing::Test {
 protected:
  // Message and hint for a path that names nothing.
  std::string Meant(std::string_view path, const std::string& prefix = "/rest/v1") {
    const Error error =
        WithMeantPath(Error(ErrorId::kInvalidPath, "Invalid path"), {path, prefix, schema_, catalog_.get()});
    return error.hint() ? *error.hint() : error.message();
  }

  const std::string schema_ = "public";
  std::shared_ptr<const catalog::Catalog> catalog_ = plan::TestCatalog();
};

TEST_F(MeantPathTest, TellsThePathThatWasMeant) {
  EXPECT_EQ(Meant("/rest/v1/tasks/5"), "Perhaps you meant /rest/v1/tasks?id=eq.5");
  EXPECT_EQ(Meant("/tasks/5", "/"), "Perhaps you meant /tasks?id=eq.5");
  EXPECT_EQ(Meant("/rest/v1/tasks/"), "Perhaps you meant /rest/v1/tasks");
  EXPECT_EQ(Meant("/rest/v1/tasks/a%20b/"), "Perhaps you meant /rest/v1/tasks?id=eq.a%20b");
  EXPECT_EQ(Meant("/rest/v1/users_tasks/1/2"), "Perhaps you meant /rest/v1/users_tasks?user_id=eq.1&task_id=eq.2");
  EXPECT_EQ(Meant("/rest/v1/rpc/add_them/1/2"), "Perhaps you meant /rest/v1/rpc/add_them?a=1&b=2");
  EXPECT_EQ(Meant("/rest/v1/nothing/5"), "Invalid path");
  // What would be of other rows than was meant.
  EXPECT_EQ(Meant("/rest/v1/users_tasks/1"), "Invalid path");
  EXPECT_EQ(Meant("/rest/v1/tasks/1/name"), "Invalid path");
  EXPECT_EQ(Meant("/rest/v1/tasks/a+b&c"), "Perhaps you meant /rest/v1/tasks?id=eq.a%2Bb%26c");
  EXPECT_EQ(Meant("/tasks"), "Perhaps you meant /rest/v1/tasks");
  EXPECT_EQ(Meant("/nothing"), "The REST API is at /rest/v1 (rest.prefix)");
}

TEST_F(MeantPathTest, TellsOfTheOtherApisOfSupabase) {
  for (const char* prefix : {"/rest/v1", "/"}) {
    for (const char* path :
         {"/auth/v1", "/auth/v1/token", "/functions/v1/hello", "/storage/v1/object/a/b", "/realtime/v1"}) {
      EXPECT_NE(Meant(path, prefix).find("Pando does not have Supabase's API of"), std::string::npos) << path;
    }
  }
  EXPECT_EQ(Meant("/rest/v1/tasks", "/"), "The REST API is at / (rest.prefix)");
}

}  // namespace
}  // namespace pando::serve
