// A small catalog for the tests of plan/ and sql/: clients, projects, tasks, users and their junction, a function or
// two.
#pragma once

#include <memory>

#include "catalog/catalog.h"
#include "catalog/snapshot.h"

namespace pando::plan {

inline catalog::Relation TestTable(catalog::Oid oid, std::string name, std::vector<catalog::Column> columns,
                                   std::vector<std::string> key) {
  catalog::Relation relation;
  relation.oid = oid;
  relation.name = {"public", std::move(name)};
  relation.columns = std::move(columns);
  relation.primary_key = std::move(key);
  relation.insertable = relation.updatable = relation.deletable = true;
  relation.reading = relation.writing = catalog::kNoFootprint;
  return relation;
}

inline catalog::Column TestColumn(std::string name, catalog::Oid type, std::string sql_type) {
  catalog::Column column;
  column.name = std::move(name);
  column.type = type;
  column.sql_type = std::move(sql_type);
  return column;
}

inline catalog::Type TestType(catalog::Oid oid, std::string name, std::string sql) {
  catalog::Type type;
  type.oid = oid;
  type.name = {"pg_catalog", std::move(name)};
  type.sql = std::move(sql);
  return type;
}

inline catalog::ForeignKey TestKey(std::string table, std::string column, std::string target) {
  return {table + "_" + column + "_fkey", {"public", table}, {column}, {"public", target}, {"id"}, false};
}

inline std::shared_ptr<const catalog::Catalog> TestCatalog() {
  constexpr catalog::Oid kInt = 23, kText = 25, kJsonb = 3802;
  const auto integer = [](std::string name) { return TestColumn(std::move(name), kInt, "integer"); };
  const auto text = [](std::string name) { return TestColumn(std::move(name), kText, "text"); };
  catalog::Snapshot snapshot;
  snapshot.types = {TestType(kInt, "int4", "integer"), TestType(kText, "text", "text"),
                    TestType(kJsonb, "jsonb", "jsonb")};
  catalog::Column created = text("created");
  created.has_default = true;
  created.default_expression = "now()";
  snapshot.relations = {
      TestTable(1, "clients", {integer("id"), text("name")}, {"id"}),
      TestTable(2, "projects",
                {integer("id"), text("name"), integer("client_id"), TestColumn("settings", kJsonb, "jsonb"), created},
                {"id"}),
      TestTable(3, "tasks", {integer("id"), text("name"), integer("project_id"), integer("hours")}, {"id"}),
      TestTable(4, "users", {integer("id"), text("name")}, {"id"}),
      TestTable(5, "users_tasks", {integer("user_id"), integer("task_id")}, {"user_id", "task_id"}),
  };
  snapshot.foreign_keys = {TestKey("projects", "client_id", "clients"), TestKey("tasks", "project_id", "projects"),
                           TestKey("users_tasks", "user_id", "users"), TestKey("users_tasks", "task_id", "tasks")};
  catalog::Function add;
  add.name = {"public", "add_them"};
  add.arguments = {{"a", kInt, "integer", true, false}, {"b", kInt, "integer", false, false}};
  add.volatility = catalog::Function::Volatility::kImmutable;
  add.result_type = kInt;
  catalog::Function search;
  search.name = {"public", "search_projects"};
  search.arguments = {{"term", kText, "text", true, false}};
  search.volatility = catalog::Function::Volatility::kStable;
  search.returns_set = search.returns_row = true;
  search.result_relation = catalog::QualifiedName{"public", "projects"};
  catalog::Function primes;
  primes.name = {"public", "primes"};
  primes.arguments = {{"below", kInt, "integer", false, false}};
  primes.volatility = catalog::Function::Volatility::kStable;
  primes.returns_set = true;
  primes.result_type = kInt;
  catalog::Function refresh;
  refresh.name = {"public", "refresh"};
  refresh.returns_void = true;
  snapshot.functions = {add, search, primes, refresh};
  return catalog::Catalog::Build(std::move(snapshot));
}

}  // namespace pando::plan
