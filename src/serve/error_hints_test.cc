#include "serve/error_hints.h"

#include <gtest/gtest.h>

#include "catalog/snapshot.h"
#include "plan/test_catalog.h"

namespace pando::serve {
namespace {

class ErrorHintsTest : public testing::Test {
 protected:
  // The statement for what PostgreSQL says of a request with that method or plan.
  std::string Grant(const std::string& message, std::string_view method = "GET", const plan::Plan* plan = nullptr,
                    const std::string& sqlstate = "42501") {
    const DeniedContext context{role_, schema_, catalog_.get(), plan, method};
    return MissingGrant(Error::FromDatabase(sqlstate, message), context).value_or("none");
  }

  plan::Plan PlanOf(plan::Mutation::Kind kind) {
    plan::Plan plan;
    plan.catalog = catalog_;
    plan.representation = false;
    plan.mutation.emplace();
    plan.mutation->kind = kind;
    plan.mutation->relation = catalog_->FindRelation("public", "tasks");
    return plan;
  }

  // Message and hint for a path that names nothing.
  std::string Meant(std::string_view path, const std::string& prefix = "/rest/v1") {
    const Error error =
        WithMeantPath(Error(ErrorId::kInvalidPath, "Invalid path"), {path, prefix, schema_, catalog_.get()});
    return error.hint() ? *error.hint() : error.message();
  }

  const std::string role_ = "anon", schema_ = "public";
  std::shared_ptr<const catalog::Catalog> catalog_ = plan::TestCatalog();
};

TEST_F(ErrorHintsTest, NamesThePrivilegesThatTheRequestNeeds) {
  using Kind = plan::Mutation::Kind;
  plan::Plan plan = PlanOf(Kind::kInsert);
  EXPECT_EQ(Grant("permission denied for table tasks", "POST", &plan), "GRANT INSERT ON public.tasks TO anon");
  plan.representation = true;
  EXPECT_EQ(Grant("permission denied for table tasks", "POST", &plan), "GRANT SELECT, INSERT ON public.tasks TO anon");
  plan.mutation->conflict = {"id"};
  plan.mutation->merge = true;
  EXPECT_EQ(Grant("permission denied for view tasks", "POST", &plan),
            "GRANT SELECT, INSERT, UPDATE ON public.tasks TO anon");
  plan::Plan update = PlanOf(Kind::kUpdate);
  update.mutation->where.emplace_back();
  EXPECT_EQ(Grant("permission denied for table tasks", "PATCH", &update),
            "GRANT SELECT, UPDATE ON public.tasks TO anon");
  const plan::Plan all = PlanOf(Kind::kDelete);
  EXPECT_EQ(Grant("permission denied for table tasks", "DELETE", &all), "GRANT DELETE ON public.tasks TO anon");
  EXPECT_EQ(Grant("permission denied for table clients", "DELETE", &all), "GRANT SELECT ON public.clients TO anon");
}

TEST_F(ErrorHintsTest, NamesWhatElseMayBeMissing) {
  EXPECT_EQ(Grant("permission denied for table tasks"), "GRANT SELECT ON public.tasks TO anon");
  EXPECT_EQ(Grant("permission denied for table tasks", "POST"), "GRANT INSERT ON public.tasks TO anon");
  EXPECT_EQ(Grant("permission denied for schema secret"), "GRANT USAGE ON SCHEMA secret TO anon");
  EXPECT_EQ(Grant("permission denied for sequence tasks_id_seq"), "GRANT USAGE ON SEQUENCE tasks_id_seq TO anon");
  EXPECT_EQ(Grant("permission denied for function wipe"), "GRANT EXECUTE ON FUNCTION wipe TO anon");
  plan::Plan call;
  call.call.emplace();
  call.call->function = &catalog_->snapshot().functions[0];
  EXPECT_EQ(Grant("permission denied for function " + call.call->function->name.name, "POST", &call).substr(0, 32),
            "GRANT EXECUTE ON FUNCTION public");
  EXPECT_EQ(Grant("permission denied to set role \"guest\""), "GRANT guest TO the role that Pando connects as");
}

TEST_F(ErrorHintsTest, QuotesWhatIsNoPlainName) {
  EXPECT_EQ(Grant("permission denied for schema My Schema"), "GRANT USAGE ON SCHEMA \"My Schema\" TO anon");
  EXPECT_EQ(Grant("permission denied for table order"), "GRANT SELECT ON \"order\" TO anon");
}

TEST_F(ErrorHintsTest, SaysNothingOfWhatNoGrantHelpsAgainst) {
  EXPECT_EQ(Grant("new row violates row-level security policy for table \"tasks\""), "none");
  EXPECT_EQ(Grant("must be owner of table tasks"), "none");
  EXPECT_EQ(Grant("Zugriff verweigert für Tabelle tasks"), "none");
  EXPECT_EQ(Grant("permission denied for table tasks", "GET", nullptr, "P0001"), "none");
}

TEST_F(ErrorHintsTest, TellsThePathThatWasMeant) {
  EXPECT_EQ(Meant("/rest/v1/tasks/5"), "Perhaps you meant /rest/v1/tasks?id=eq.5");
  EXPECT_EQ(Meant("/tasks/5", "/"), "Perhaps you meant /tasks?id=eq.5");
  EXPECT_EQ(Meant("/rest/v1/tasks/"), "Perhaps you meant /rest/v1/tasks");
  EXPECT_EQ(Meant("/rest/v1/tasks/a%20b/"), "Perhaps you meant /rest/v1/tasks?id=eq.a%20b");
  EXPECT_EQ(Meant("/rest/v1/users_tasks/1/2"), "Perhaps you meant /rest/v1/users_tasks?user_id=eq.1&task_id=eq.2");
  EXPECT_EQ(Meant("/rest/v1/rpc/add_them/1/2"), "Perhaps you meant /rest/v1/rpc/add_them?a=1&b=2");
  EXPECT_EQ(Meant("/rest/v1/nothing/5"), "Invalid path");
  EXPECT_EQ(Meant("/tasks"), "The REST API is at /rest/v1 (rest.prefix)");
}

TEST_F(ErrorHintsTest, TellsOfTheOtherApisOfSupabase) {
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
