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

TEST_F(MeantPathTest, NamesTheArgumentsThatACallTakes) {
  constexpr catalog::Oid kInt = 23, kText = 25;
  const auto function = [](std::string name, std::vector<catalog::Argument> arguments) {
    catalog::Function made;
    made.name = {"public", std::move(name)};
    made.arguments = std::move(arguments);
    return made;
  };
  catalog::Snapshot snapshot = plan::TestCatalog()->snapshot();
  const catalog::Argument a{"a", kInt, "integer"}, b{"b", kInt, "integer"}, c{"c", kInt, "integer", false};
  snapshot.functions = {function("either", {a, b}),
                        function("either", {a}),
                        function("longer", {a, b, c}),
                        function("ambiguous", {a}),
                        function("ambiguous", {{"a", kText, "text"}}),
                        function("reads", {{"select", kText, "text"}, {"x.y", kText, "text"}}),
                        function("unnamed", {{"", kText, "text"}}),
                        function("many", {{"xs", 1009, "text[]", true, true}}),
                        function("none", {})};
  catalog_ = catalog::Catalog::Build(std::move(snapshot));
  const std::string begin = "Perhaps you meant /rest/v1/rpc/";
  EXPECT_EQ(Meant("/rest/v1/rpc/either/1"), begin + "either?a=1");
  EXPECT_EQ(Meant("/rest/v1/rpc/either/1/2"), begin + "either?a=1&b=2");
  EXPECT_EQ(Meant("/rest/v1/rpc/longer/1/2"), begin + "longer?a=1&b=2");
  EXPECT_EQ(Meant("/rest/v1/rpc/longer/1/2/3"), begin + "longer?a=1&b=2&c=3");
  EXPECT_EQ(Meant("/rest/v1/rpc/reads/x/y"), begin + "reads?%22select%22=x&%22x.y%22=y");
  EXPECT_EQ(Meant("/rest/v1/rpc/many/x"), begin + "many?xs=x");
  EXPECT_EQ(Meant("/rest/v1/rpc/unnamed/"), begin + "unnamed");
  for (const char* path : {"either/1/2/3", "longer/1", "ambiguous/1", "unnamed/x", "many/x/y", "none/1", "reads/x",
                           "either/eq.1", "either/not.in.(1)"}) {
    EXPECT_EQ(Meant("/rest/v1/rpc/" + std::string(path)), "Invalid path") << path;
  }
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
