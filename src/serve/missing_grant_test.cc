#include "serve/missing_grant.h"

#include <gtest/gtest.h>

#include "catalog/snapshot.h"
#include "plan/test_catalog.h"

namespace pando::serve {
namespace {

class MissingGrantTest : public testing::Test {
 protected:
  // The statement for what PostgreSQL says of a request with that method or plan; "no statement" when there is a
  // sentence only.
  std::string Grant(const std::string& message, std::string_view method = "GET", const plan::Plan* plan = nullptr,
                    const std::string& sqlstate = "42501") {
    return GrantFor(Error::FromDatabase(sqlstate, message), plan, method);
  }

  std::string GrantFor(const Error& error, const plan::Plan* plan, std::string_view method = "GET") {
    constexpr std::string_view kBegin = "A privilege is missing: ";
    const auto missing = MissingPrivilege(error, {role_, schema_, catalog_.get(), plan, method});
    if (!missing) return "none";
    return missing->starts_with(kBegin) ? missing->substr(kBegin.size()) : "no statement";
  }

  const catalog::Relation* Find(const char* name) { return catalog_->FindRelation("public", name); }

  plan::Plan ReadOf(const catalog::Relation* relation) {
    plan::Plan plan;
    plan.catalog = catalog_;
    plan.read.relation = relation;
    return plan;
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

  const std::string role_ = "anon", schema_ = "public";
  std::shared_ptr<const catalog::Catalog> catalog_ = plan::TestCatalog();
};

TEST_F(MissingGrantTest, NamesThePrivilegesThatTheRequestNeeds) {
  using Kind = plan::Mutation::Kind;
  plan::Plan plan = PlanOf(Kind::kInsert);
  EXPECT_EQ(Grant("permission denied for table tasks", "POST", &plan), "GRANT INSERT ON public.tasks TO anon;");
  plan.representation = true;
  EXPECT_EQ(Grant("permission denied for table tasks", "POST", &plan), "GRANT SELECT, INSERT ON public.tasks TO anon;");
  plan.mutation->conflict = {"id"};
  plan.mutation->merge = true;
  EXPECT_EQ(Grant("permission denied for table tasks", "POST", &plan),
            "GRANT SELECT, INSERT, UPDATE ON public.tasks TO anon;");
  plan::Plan update = PlanOf(Kind::kUpdate);
  update.mutation->where.emplace_back();
  EXPECT_EQ(Grant("permission denied for table tasks", "PATCH", &update),
            "GRANT SELECT, UPDATE ON public.tasks TO anon;");
  const plan::Plan all = PlanOf(Kind::kDelete);
  EXPECT_EQ(Grant("permission denied for table tasks", "DELETE", &all), "GRANT DELETE ON public.tasks TO anon;");
}

TEST_F(MissingGrantTest, NamesWhatTheStatementReads) {
  plan::Plan plan = ReadOf(Find("projects"));
  EXPECT_EQ(Grant("permission denied for table projects", "GET", &plan), "GRANT SELECT ON public.projects TO anon;");
  plan.read.embeds.emplace_back().node.relation = Find("tasks");
  EXPECT_EQ(Grant("permission denied for table tasks", "GET", &plan), "GRANT SELECT ON public.tasks TO anon;");
  plan.read.embeds[0].relationship.junction.emplace().table = {"public", "users_tasks"};
  EXPECT_EQ(Grant("permission denied for table users_tasks", "GET", &plan),
            "GRANT SELECT ON public.users_tasks TO anon;");
}

TEST_F(MissingGrantTest, NamesNoStatementForWhatTheRequestDoesNotName) {
  const plan::Plan read = ReadOf(Find("projects")), write = PlanOf(plan::Mutation::Kind::kDelete);
  for (const plan::Plan* plan : {&read, &write}) {
    EXPECT_EQ(Grant("permission denied for table clients", "GET", plan), "no statement");
    EXPECT_EQ(Grant("permission denied for view projects", "GET", plan), "no statement");
    EXPECT_EQ(Grant("permission denied for sequence s", "GET", plan), "no statement");
    EXPECT_EQ(Grant("permission denied for function wipe", "GET", plan), "no statement");
    EXPECT_EQ(Grant("permission denied for type color", "GET", plan), "no statement");
  }
  // Another table of that name, which a function reads.
  const Error within = Error::FromDatabase("42501", "permission denied for table projects").WithinRoutine();
  EXPECT_EQ(GrantFor(within, &read), "no statement");
}

TEST_F(MissingGrantTest, LooksThroughAViewWithTheRightsOfItsCaller) {
  catalog::Relation view = *Find("tasks");
  view.name = {"api", "v"};
  view.kind = catalog::Relation::Kind::kView;
  view.shows = {{77, {"hidden", "t"}}};
  auto one_for_one = std::make_shared<catalog::Relation::OneForOne>();
  one_for_one->table = 77;
  view.one_for_one = one_for_one;
  plan::Plan read = ReadOf(&view), write = PlanOf(plan::Mutation::Kind::kDelete);
  write.mutation->relation = &view;
  EXPECT_EQ(Grant("permission denied for table t", "GET", &read), "no statement");  // its owner lacks the privilege
  EXPECT_EQ(Grant("permission denied for view v", "DELETE", &write), "GRANT DELETE ON api.v TO anon;");
  view.reads_as_caller = true;
  EXPECT_EQ(Grant("permission denied for table t", "GET", &read), "GRANT SELECT ON hidden.t TO anon;");
  EXPECT_EQ(Grant("permission denied for table t", "DELETE", &write), "GRANT DELETE ON hidden.t TO anon;");
}

TEST_F(MissingGrantTest, SaysThatAGrantIsForAllColumns) {
  catalog::Relation relation = *Find("tasks");
  relation.columns[0].has_grants = true;
  const plan::Plan plan = ReadOf(&relation);
  EXPECT_EQ(Grant("permission denied for table tasks", "GET", &plan),
            "GRANT SELECT ON public.tasks TO anon; or on single columns, as other grants on it are");
}

TEST_F(MissingGrantTest, NamesASequenceAsTheDefaultDoes) {
  catalog::Relation relation = *Find("tasks");
  relation.columns[0].default_expression = "nextval('\"S x\".tasks_id_seq'::regclass)";
  plan::Plan plan = PlanOf(plan::Mutation::Kind::kInsert);
  plan.mutation->relation = &relation;
  EXPECT_EQ(Grant("permission denied for sequence tasks_id_seq", "POST", &plan),
            "GRANT USAGE ON SEQUENCE \"S x\".tasks_id_seq TO anon;");
  EXPECT_EQ(Grant("permission denied for sequence id_seq", "POST", &plan), "no statement");
}

TEST_F(MissingGrantTest, NamesWhatElseMayBeMissing) {
  EXPECT_EQ(Grant("permission denied for table tasks"), "GRANT SELECT ON public.tasks TO anon;");
  EXPECT_EQ(Grant("permission denied for table tasks", "POST"), "GRANT INSERT ON public.tasks TO anon;");
  EXPECT_EQ(Grant("permission denied for schema secret"), "GRANT USAGE ON SCHEMA secret TO anon;");
  plan::Plan call;
  call.call.emplace();
  call.call->function = &catalog_->snapshot().functions[0];
  EXPECT_EQ(Grant("permission denied for function " + call.call->function->name.name, "POST", &call).substr(0, 32),
            "GRANT EXECUTE ON FUNCTION public");
  EXPECT_EQ(Grant("permission denied to set role \"guest\""), "no statement");
}

TEST_F(MissingGrantTest, QuotesWhatIsNoPlainName) {
  EXPECT_EQ(Grant("permission denied for schema My Schema"), "GRANT USAGE ON SCHEMA \"My Schema\" TO anon;");
  EXPECT_EQ(Grant("permission denied for schema order"), "GRANT USAGE ON SCHEMA \"order\" TO anon;");
  EXPECT_EQ(Grant("permission denied for schema ordered"), "GRANT USAGE ON SCHEMA ordered TO anon;");
}

TEST_F(MissingGrantTest, StaysOnOneLine) {
  catalog::Relation relation = *Find("tasks");
  for (const auto& [name, named] :
       std::vector<std::pair<std::string, std::string>>{{"n\nl;x", "U&\"n\\000Al;x\""},
                                                        {"t\tb\\s\"q", "U&\"t\\0009b\\\\s\"\"q\""},
                                                        {"\xC2\x85\xE2\x80\xA8é", "U&\"\\0085\\2028é\""},
                                                        {"\xC2\xA0\xE2\x80\xA6", "\"\xC2\xA0\xE2\x80\xA6\""}}) {
    relation.name.name = name;
    const plan::Plan plan = ReadOf(&relation);
    EXPECT_EQ(Grant("permission denied for table " + name, "GET", &plan),
              "GRANT SELECT ON public." + named + " TO anon;");
    EXPECT_EQ(Grant("permission denied for schema " + name), "GRANT USAGE ON SCHEMA " + named + " TO anon;");
  }
  relation.columns[0].default_expression = "nextval('public.\"n\nl\"'::regclass)";
  plan::Plan plan = PlanOf(plan::Mutation::Kind::kInsert);
  plan.mutation->relation = &relation;
  EXPECT_EQ(Grant("permission denied for sequence n\nl", "POST", &plan), "no statement");
  for (const char* object : {"for sequence n\nl", "for table n\nl", "for type n\nl", "to set role \"n\nl\""}) {
    const Error error = Error::FromDatabase("42501", "permission denied " + std::string(object));
    const auto missing = MissingPrivilege(error, {role_, schema_, catalog_.get(), nullptr, "GET"});
    ASSERT_TRUE(missing) << object;
    EXPECT_EQ(missing->find('\n'), std::string::npos) << *missing;
    EXPECT_NE(missing->find("n\\000Al"), std::string::npos) << *missing;
  }
}

TEST_F(MissingGrantTest, SaysNothingOfWhatNoGrantHelpsAgainst) {
  EXPECT_EQ(Grant("new row violates row-level security policy for table \"tasks\""), "none");
  EXPECT_EQ(Grant("must be owner of table tasks"), "none");
  EXPECT_EQ(Grant("Zugriff verweigert für Tabelle tasks"), "none");
  EXPECT_EQ(Grant("permission denied for table tasks", "GET", nullptr, "P0001"), "none");
}

}  // namespace
}  // namespace pando::serve
