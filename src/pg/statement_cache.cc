#include "pg/statement_cache.h"

#include <utility>

#include "base/assert.h"

namespace pando::pg {

StatementCache::StatementCache(size_t statements_max) : statements_max_(statements_max) {}

StatementCache::Statement* StatementCache::Find(const SqlText& sql) {
  auto found = by_sql_.find(sql);
  if (found == by_sql_.end()) return nullptr;
  recent_first_.splice(recent_first_.begin(), recent_first_, found->second);
  return &*found->second;
}

StatementCache::Statement* StatementCache::Add(const SqlText& sql) {
  recent_first_.push_front(Statement{sql, "s" + std::to_string(++names_given_)});
  const bool added = by_sql_.emplace(sql, recent_first_.begin()).second;
  PANDO_ASSERT(added);
  return &recent_first_.front();
}

void StatementCache::Forget(Statement* statement) { Remove(statement); }

void StatementCache::Retire(Statement* statement) {
  retired_.push_back("DEALLOCATE " + statement->name);
  Remove(statement);
}

void StatementCache::Trim() {
  while (recent_first_.size() > statements_max_) Retire(&recent_first_.back());
}

void StatementCache::RetireAll() {
  Clear();
  retired_.push_back("DEALLOCATE ALL");
}

void StatementCache::Clear() {
  by_sql_.clear();
  recent_first_.clear();
  retired_.clear();
}

std::vector<std::string> StatementCache::TakeRetired() { return std::exchange(retired_, {}); }

void StatementCache::Remove(Statement* statement) {
  auto found = by_sql_.find(statement->sql);
  PANDO_ASSERT(found != by_sql_.end());
  const List::iterator at = found->second;
  by_sql_.erase(found);
  recent_first_.erase(at);
}

}  // namespace pando::pg
