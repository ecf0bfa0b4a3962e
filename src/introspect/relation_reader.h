// Relations with their columns and primary keys, as the system catalogs have them; views_reader.h adds to views what
// shows through them.
//
// Concurrency  single-owner
#pragma once

#include <unordered_map>
#include <vector>

#include "catalog/relation.h"
#include "introspect/footprint_graph.h"
#include "introspect/queries.h"

namespace pando::introspect {

struct RelationRecord {
  catalog::Relation relation;
  char kind = 'r';           // pg_class.relkind; 'c' is a composite type
  bool is_loaded = false;    // becomes part of the snapshot; else known for what views show of it
  std::vector<int> numbers;  // attribute numbers, beside relation.columns

  bool is_view() const { return kind == 'v' || kind == 'm'; }
  // nullptr when there is no such column (any more).
  const catalog::Column* FindNumber(int number) const;
  catalog::Column* FindNumber(int number);
};

class RelationRecords {
 public:
  explicit RelationRecords(const Answers& answers);

  // nullptr when unknown: of the server's own schemas, or made after the snapshot.
  RelationRecord* Find(Oid oid);
  const RelationRecord* Find(Oid oid) const;
  std::vector<RelationRecord>& all() { return records_; }
  const std::vector<RelationRecord>& all() const { return records_; }

  // Moves the loaded ones out, sorted by schema and name, with their footprints.
  std::vector<catalog::Relation> TakeLoaded(const FootprintGraph& footprints) &&;

 private:
  void ReadRelations(const pg::Rows& rows);
  void ReadColumns(const pg::Rows& rows);
  void ReadDefaults(const pg::Rows& rows);
  void ReadPrimaryKeys(const pg::Rows& rows);
  void ReadWriteObstacles(const Answers& answers);

  std::vector<RelationRecord> records_;  // sorted by schema and name
  std::unordered_map<Oid, size_t> position_of_;
};

}  // namespace pando::introspect
