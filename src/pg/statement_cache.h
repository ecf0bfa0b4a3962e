// A StatementCache remembers which statements a connection has prepared, by their text.
//
// A statement is added when its Parse is queued and counts as prepared when the server has said so. Parse is not
// transactional: it stands even if the transaction around it fails later.
//
// Concurrency  single-owner (a Connection)
// Bounds       `statements_max` after Trim(); an exchange may exceed it by the statements it adds.
// Internal to pg/.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "pg/rows.h"
#include "pg/sql_text.h"

namespace pando::pg {

class StatementCache {
 public:
  struct Statement {
    SqlText sql;
    std::string name;
    bool prepared = false;  // the server has confirmed its Parse
    // What its rows have, all as text, and how they are asked for when dates and times may be binary. The server keeps
    // to it: it would rather refuse the statement ("cached plan must not change result type"). Null: not known yet.
    std::shared_ptr<const RowColumns> columns = nullptr;
    std::shared_ptr<const RowColumns> binary_times = nullptr;
    bool binary_times_in_utc = false;
  };

  explicit StatementCache(size_t statements_max);

  // The statement of that text, made the most recently used; nullptr when there is none. Stays valid until it is
  // forgotten, retired, trimmed or cleared.
  Statement* Find(const SqlText& sql);
  // REQUIRES: Find(sql) == nullptr.
  Statement* Add(const SqlText& sql);

  // The server does not have it.
  void Forget(Statement* statement);
  // The server has it and shall drop it.
  void Retire(Statement* statement);
  // The server shall drop what was used the longest ago, until statements_max are left. REQUIRES: no exchange in
  // flight.
  void Trim();
  // The server may have them all or none, and shall drop what it has.
  void RetireAll();
  // The server has none any more.
  void Clear();

  bool has_retired() const { return !retired_.empty(); }
  // DEALLOCATE commands for what the server shall drop; the caller sends them, each in its own segment.
  std::vector<std::string> TakeRetired();

  size_t size() const { return recent_first_.size(); }

 private:
  using List = std::list<Statement>;
  void Remove(Statement* statement);

  const size_t statements_max_;
  List recent_first_;
  std::unordered_map<SqlText, List::iterator, SqlTextHash> by_sql_;
  std::vector<std::string> retired_;
  uint64_t names_given_ = 0;  // names are never reused, so a late DEALLOCATE cannot hit a newer statement
};

}  // namespace pando::pg
