#include "sql/needs.h"

#include <gtest/gtest.h>

#include "catalog/snapshot.h"
#include "plan/test_catalog.h"

namespace pando::sql {
namespace {

using Kind = plan::Mutation::Kind;

class NeedsTest : public testing::Test {
 protected:
  NeedsTest() {
    plan_.catalog = catalog_;
    plan_.read.relation = Find("tasks");
    plan_.read.columns = &plan_.read.relation->columns;
  }

  const catalog::Relation* Find(const char* name) { return catalog_->FindRelation("public", name); }

  static plan::Output ColumnOutput(const std::string& name) {
    plan::Output output;
    output.column.column.name = name;
    return output;
  }

  static plan::Condition Filter(const std::string& name) {
    plan::Condition condition;
    condition.column.name = name;
    return condition;
  }

  plan::Mutation& Write(Kind kind, const std::vector<std::string>& columns = {}) {
    plan_.representation = false;
    plan_.read.from_source = true;
    plan_.mutation.emplace();
    plan_.mutation->kind = kind;
    plan_.mutation->relation = Find("tasks");
    for (const std::string& name : columns) plan_.mutation->columns.emplace_back().name = name;
    return *plan_.mutation;
  }

  // "SELECT tasks(id,name)", in the order of oids and privileges.
  std::string Needed() {
    std::set<std::pair<catalog::Oid, std::string>> all;
    const Needs needs = NeedsOf(plan_);
    for (const RelationNeed& need : needs.relations) {
      std::string text = need.privilege + " " + need.relation->name.name + "(";
      for (const std::string& column : need.columns) text += (text.ends_with('(') ? "" : ",") + column;
      all.emplace(need.relation->oid, text + ")");
    }
    std::string text;
    for (const auto& [oid, need] : all) text += (text.empty() ? "" : " ") + need;
    for (const FunctionNeed& need : needs.functions) text += " " + need.name.name + "/" + std::to_string(need.argument);
    return text;
  }

  std::shared_ptr<const catalog::Catalog> catalog_ = plan::TestCatalog();
  plan::Plan plan_;
};

TEST_F(NeedsTest, OfAReadAreTheColumnsThatItNames) {
  EXPECT_EQ(Needed(), "SELECT tasks()");  // count()
  plan_.read.outputs.push_back(ColumnOutput("name"));
  plan_.read.where.push_back(Filter("id"));
  plan_.read.order.emplace_back().column.name = "hours";
  EXPECT_EQ(Needed(), "SELECT tasks(hours,id,name)");
  plan_.read.outputs.emplace_back().kind = plan::Output::Kind::kStar;
  EXPECT_EQ(Needed(), "SELECT tasks(hours,id,name,project_id)");
}

TEST_F(NeedsTest, OfAFunctionOfTheRowAreAllColumns) {
  plan_.read.outputs.push_back(ColumnOutput("nothing"));
  EXPECT_EQ(Needed(), "SELECT tasks(hours,id,name,project_id)");
}

TEST_F(NeedsTest, OfAnEmbedAreTheColumnsThatJoin) {
  plan::Embed& embed = plan_.read.embeds.emplace_back();
  embed.node.relation = Find("projects");
  embed.node.columns = &embed.node.relation->columns;
  embed.relationship.columns = {{"project_id", "id"}};
  EXPECT_EQ(Needed(), "SELECT projects(id) SELECT tasks(project_id)");
  embed.silent = true;  // not in the statement
  EXPECT_EQ(Needed(), "SELECT tasks()");
  embed.inner = true;
  EXPECT_EQ(Needed(), "SELECT projects(id) SELECT tasks(project_id)");
}

TEST_F(NeedsTest, OfAJunctionAreTheColumnsOnBothSides) {
  plan::Embed& embed = plan_.read.embeds.emplace_back();
  embed.node.relation = Find("users");
  auto& junction = embed.relationship.junction.emplace();
  junction.table = {"public", "users_tasks"};
  junction.source_columns = {{"id", "task_id"}};
  junction.target_columns = {{"id", "user_id"}};
  EXPECT_EQ(Needed(), "SELECT tasks(id) SELECT users(id) SELECT users_tasks(task_id,user_id)");
}

TEST_F(NeedsTest, OfAComputedRelationshipAreItsFunctionAndNotWhatTheRowsAreOf) {
  plan::Embed& embed = plan_.read.embeds.emplace_back();
  embed.node.relation = Find("projects");
  embed.relationship.function = catalog::QualifiedName{"public", "project_of"};
  EXPECT_EQ(Needed(), "SELECT tasks(hours,id,name,project_id) project_of/" + std::to_string(Find("tasks")->row_type));
}

TEST_F(NeedsTest, OfAWriteAreItsColumnsAndWhatItReads) {
  Write(Kind::kInsert, {"name"});
  EXPECT_EQ(Needed(), "INSERT tasks(name)");
  plan::Mutation& upsert = Write(Kind::kInsert, {"id", "name"});
  upsert.conflict = {"id"};
  EXPECT_EQ(Needed(), "INSERT tasks(id,name) SELECT tasks(id)");
  upsert.merge = true;
  EXPECT_EQ(Needed(), "INSERT tasks(id,name) SELECT tasks(id) UPDATE tasks(id,name)");
  Write(Kind::kUpdate, {"name"});
  EXPECT_EQ(Needed(), "UPDATE tasks(name)");
  Write(Kind::kUpdate, {"name"}).where.push_back(Filter("id"));
  EXPECT_EQ(Needed(), "SELECT tasks(id) UPDATE tasks(name)");
  Write(Kind::kUpdate).where.push_back(Filter("id"));  // nothing to set
  EXPECT_EQ(Needed(), "SELECT tasks()");
  Write(Kind::kDelete).where.push_back(Filter("id"));
  EXPECT_EQ(Needed(), "DELETE tasks() SELECT tasks(id)");
  Write(Kind::kDelete).returning = {"name"};
  EXPECT_EQ(Needed(), "DELETE tasks()");
  plan_.representation = true;
  EXPECT_EQ(Needed(), "DELETE tasks() SELECT tasks(name)");
}

}  // namespace
}  // namespace pando::sql
