#include "serve/missing_grant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/snapshot.h"
#include "plan/test_catalog.h"
#include "serve/test_rows.h"

namespace pando::serve {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr unsigned kBool = 16, kText = 25;

class MissingGrantTest : public testing::Test {
 protected:
  MissingGrantTest() {
    context_.catalog = catalog_.get();
    context_.method = "GET";
  }

  std::optional<Denial> Read(const std::string& message, const std::string& sqlstate = "42501") {
    return ReadDenial(Error::FromDatabase(sqlstate, message), context_);
  }

  // The parameter of the question; "none" without one.
  std::string Asked(const std::string& message, size_t parameter) {
    const std::optional<Denial> denial = Read(message);
    return denial && denial->question ? denial->question->parameters[parameter].value_or("NULL") : "none";
  }

  static pg::Rows Answer(const std::vector<std::vector<const char*>>& values) {
    return MakeRows({{"", kBool}, {"", kText}, {"", kBool}, {"", kText}, {"", kText}}, values);
  }

  std::string Told(const std::vector<std::vector<const char*>>& values) {
    const std::optional<Denial> denial = Read("permission denied for table tasks");
    return denial && denial->question ? TellDenial(*denial, Answer(values)) : "not asked";
  }

  const catalog::Relation* Find(const char* name) { return catalog_->FindRelation("public", name); }

  plan::Plan ReadOf(const catalog::Relation* relation) {
    plan::Plan plan;
    plan.catalog = catalog_;
    plan.footprint = catalog::kNoFootprint;
    plan.read.relation = relation;
    return plan;
  }

  const std::string role_ = "anon";
  std::shared_ptr<const catalog::Catalog> catalog_ = plan::TestCatalog();
  DeniedContext context_{role_};
};

TEST_F(MissingGrantTest, AsksForWhatTheRequestNeedsUnderTheRefusedName) {
  plan::Plan plan = ReadOf(Find("projects"));
  plan.read.embeds.emplace_back().node.relation = Find("tasks");
  context_.plan = &plan;
  EXPECT_EQ(Asked("permission denied for table tasks", 0), "anon");
  EXPECT_EQ(Asked("permission denied for table tasks", 1), "tasks");
  EXPECT_EQ(Asked("permission denied for table tasks", 2), R"({"r","p"})");
  EXPECT_EQ(Asked("permission denied for table tasks", 3), R"({"3"})");
  EXPECT_EQ(Asked("permission denied for table tasks", 4), R"({"SELECT"})");
}

TEST_F(MissingGrantTest, AsksForOthersOfTheNameWhereTheRequestMayReachThem) {
  plan::Plan plan = ReadOf(Find("tasks"));
  context_.plan = &plan;
  EXPECT_EQ(Asked("permission denied for table tasks", 7), "false");
  plan.footprint.varies = true;
  EXPECT_EQ(Asked("permission denied for table tasks", 7), "true");
  plan.footprint.varies = false;
  context_.is_schema_certain = false;
  EXPECT_EQ(Asked("permission denied for table tasks", 7), "true");
}

TEST_F(MissingGrantTest, AsksForWhatAViewOfTheRequestShows) {
  catalog::Relation view = *Find("tasks");
  view.kind = catalog::Relation::Kind::kView;
  view.name = {"api", "v"};
  view.shows = {{77, {"hidden", "t"}}, {78, {"hidden", "u"}}};
  const plan::Plan plan = ReadOf(&view);
  context_.plan = &plan;
  EXPECT_EQ(Asked("permission denied for table t", 8), "none");  // the owner lacks it
  view.reads_as_caller = true;
  EXPECT_EQ(Asked("permission denied for table t", 8), R"({"77"})");
  EXPECT_EQ(Asked("permission denied for table t", 3), R"({"3"})");  // from which the database goes on
}

TEST_F(MissingGrantTest, AsksForTheTableWhoseRowsAWriteThroughAViewIsTo) {
  catalog::Relation view = *Find("tasks");
  view.kind = catalog::Relation::Kind::kView;
  view.reads_as_caller = true;
  auto one_for_one = std::make_shared<catalog::Relation::OneForOne>();
  one_for_one->table = 77;
  view.one_for_one = one_for_one;
  plan::Plan plan = ReadOf(nullptr);
  plan.mutation.emplace();
  plan.mutation->kind = plan::Mutation::Kind::kDelete;
  plan.mutation->relation = &view;
  context_.plan = &plan;
  EXPECT_EQ(Asked("permission denied for table t", 6), "77");
  EXPECT_EQ(Asked("permission denied for sequence s", 2), R"({"3"})");
}

TEST_F(MissingGrantTest, AsksForTheFunctionThatIsCalled) {
  catalog::Function function = catalog_->snapshot().functions[0];
  function.oid = 99;
  plan::Plan plan = ReadOf(nullptr);
  plan.call.emplace();
  plan.call->function = &function;
  context_.plan = &plan;
  EXPECT_EQ(Asked("permission denied for function " + function.name.name, 3), R"({"99"})");
  EXPECT_EQ(Asked("permission denied for function other", 3), "none");
}

TEST_F(MissingGrantTest, AsksForWhatABodyIsRefusedFor) {
  plan::Named named;
  named.relation = Find("tasks");
  context_.named = &named;
  for (const auto& [method, privilege] : {std::pair("POST", "INSERT"), {"PUT", "INSERT"}, {"PATCH", "UPDATE"}}) {
    context_.method = method;
    EXPECT_EQ(Asked("permission denied for table tasks", 4), "{\"" + std::string(privilege) + "\"}");
    EXPECT_EQ(Asked("permission denied for table tasks", 7), "false");
  }
  EXPECT_EQ(Asked("permission denied for table users", 3), "none");
}

TEST_F(MissingGrantTest, AsksNothingWhereTheRoleMayBeAnother) {
  const plan::Plan plan = ReadOf(Find("tasks"));
  context_.plan = &plan;
  for (const char* object : {"table tasks", "schema hid"}) {
    const Error denied = Error::FromDatabase("42501", std::string("permission denied for ") + object);
    const auto within = ReadDenial(denied.WithinRoutine(), context_);
    ASSERT_TRUE(within);
    EXPECT_FALSE(within->question);
    EXPECT_THAT(within->sentence, HasSubstr("a function, a trigger"));
    EXPECT_TRUE(ReadDenial(denied, context_)->question);
    DeniedContext uncertain = context_;
    uncertain.is_role_certain = false;
    EXPECT_FALSE(ReadDenial(denied, uncertain)->question);
  }
}

TEST_F(MissingGrantTest, SaysThatTheRequestDoesNotNameItWhereItDoesNot) {
  const plan::Plan plan = ReadOf(Find("tasks"));
  context_.plan = &plan;
  for (const char* object : {"table clients", "view tasks", "sequence s", "function wipe", "type color"}) {
    const auto denial = Read(std::string("permission denied for ") + object);
    ASSERT_TRUE(denial) << object;
    EXPECT_FALSE(denial->question);
    EXPECT_THAT(denial->sentence,
                HasSubstr(std::string("A privilege on ") + object + " is missing, which the request does not name"));
  }
}

TEST_F(MissingGrantTest, TellsTheStatementWhereOneObjectIsLeft) {
  const plan::Plan plan = ReadOf(Find("tasks"));
  context_.plan = &plan;
  constexpr const char* kGrant = "GRANT SELECT ON public.tasks TO anon;";
  const std::vector<const char*> lacks = {"t", "public.tasks", "t", "SELECT", kGrant};
  const std::vector<const char*> holds = {"t", "api.tasks", "f", nullptr, nullptr};
  const std::vector<const char*> other = {"f", "hid.tasks", nullptr, nullptr, nullptr};
  EXPECT_EQ(Told({lacks}), std::string("A privilege is missing: ") + kGrant);
  EXPECT_EQ(Told({lacks, holds}), std::string("A privilege is missing: ") + kGrant);
  EXPECT_EQ(
      Told({lacks, other}),
      "A privilege on table tasks is missing: on public.tasks or hid.tasks, which PostgreSQL does not tell apart");
  EXPECT_EQ(
      Told({lacks, lacks}),
      "A privilege on table tasks is missing: on public.tasks or public.tasks, which PostgreSQL does not tell apart");
  EXPECT_THAT(Told({lacks, other, other, other, other, other}), HasSubstr("hid.tasks or another of that name, which"));
}

TEST_F(MissingGrantTest, TellsNoStatementWhereNoneHelps) {
  const plan::Plan plan = ReadOf(Find("tasks"));
  context_.plan = &plan;
  const std::vector<const char*> holds = {"t", "public.tasks", "f", nullptr, nullptr};
  const std::vector<const char*> other = {"f", "hid.tasks", nullptr, nullptr, nullptr};
  const std::vector<const char*> unsure = {"t", "public.tasks", nullptr, "INSERT",
                                           "GRANT INSERT ON public.tasks TO anon;"};
  using Rows = std::vector<std::vector<const char*>>;
  for (const Rows& rows : {Rows{holds}, Rows{holds, other}}) {
    EXPECT_THAT(Told(rows), HasSubstr("The role anon has what the request itself needs on public.tasks, so that"));
  }
  const std::string neutral =
      "A privilege on table tasks is missing, which the request needs, or something that it uses";
  for (const Rows& rows : {Rows{unsure}, Rows{other}, Rows{unsure, other}}) EXPECT_EQ(Told(rows), neutral);
  EXPECT_EQ(Told({}), neutral);
  EXPECT_EQ(Told({{"t", "public.tasks", "t", "INSERT", nullptr}}),
            "A privilege on table tasks is missing: the role anon lacks INSERT on public.tasks, where it is granted "
            "on single columns");
}

TEST_F(MissingGrantTest, SaysNothingOfWhatNoGrantHelpsAgainst) {
  for (const char* message :
       {"new row violates row-level security policy for table \"tasks\"", "must be owner of table tasks",
        "Zugriff verweigert für Tabelle tasks", "permission denied for table "}) {
    EXPECT_FALSE(Read(message)) << message;
  }
  EXPECT_FALSE(Read("permission denied for table tasks", "P0001"));
  const auto role = Read("permission denied to set role \"guest\"");
  ASSERT_TRUE(role);
  EXPECT_FALSE(role->question);
  EXPECT_THAT(role->sentence, Not(HasSubstr("GRANT")));
}

}  // namespace
}  // namespace pando::serve
