#include "introspect/relation_reader.h"

#include <algorithm>

#include "introspect/row.h"

namespace pando::introspect {
namespace {

using catalog::Column;
using catalog::Relation;

// Bits of pg_relation_is_updatable.
constexpr int kUpdatable = 4, kInsertable = 8, kDeletable = 16;

Relation::Kind KindOf(char relkind) {
  switch (relkind) {
    case 'p':
      return Relation::Kind::kPartitionedTable;
    case 'v':
      return Relation::Kind::kView;
    case 'm':
      return Relation::Kind::kMaterializedView;
    case 'f':
      return Relation::Kind::kForeignTable;
    default:
      return Relation::Kind::kTable;
  }
}

Column ReadColumn(const Row& row) {
  Column column;
  column.name = row.Text(2);
  column.type = row.OidAt(3);
  column.sql_type = row.Text(4);
  column.nullable = !row.IsTrue(5);
  column.has_default = row.IsTrue(6);
  column.default_expression = row.TextOrNull(7);
  column.is_identity = row.IsTrue(8);
  column.is_generated = row.IsTrue(9);
  column.equates_texts = row.IsTrue(12);
  if (!row.IsNull(10)) column.max_length = row.Int(10);
  column.comment = row.TextOrNull(11);
  return column;
}

}  // namespace

const Column* RelationRecord::FindNumber(int number) const {
  const auto at = std::lower_bound(numbers.begin(), numbers.end(), number);
  if (at == numbers.end() || *at != number) return nullptr;
  return &relation.columns[static_cast<size_t>(at - numbers.begin())];
}

Column* RelationRecord::FindNumber(int number) {
  return const_cast<Column*>(static_cast<const RelationRecord&>(*this).FindNumber(number));
}

RelationRecords::RelationRecords(const Answers& answers) {
  ReadRelations(answers[Query::kRelations]);
  ReadColumns(answers[Query::kColumns]);
  ReadDefaults(answers[Query::kDefaults]);
  ReadPrimaryKeys(answers[Query::kPrimaryKeys]);
  ReadWriteObstacles(answers);
}

void RelationRecords::ReadRelations(const pg::Rows& rows) {
  records_.reserve(static_cast<size_t>(rows.size()));
  ForEachRow(rows, [&](const Row& row) {
    RelationRecord record;
    Relation& relation = record.relation;
    relation.oid = row.OidAt(0);
    relation.name = {row.Text(1), row.Text(2)};
    record.kind = row.Char(3);
    relation.kind = KindOf(record.kind);
    relation.row_type = row.OidAt(4);
    record.is_loaded = row.IsTrue(5);
    relation.insertable = (row.Int(6) & kInsertable) != 0;
    relation.updatable = (row.Int(6) & kUpdatable) != 0;
    relation.deletable = (row.Int(6) & kDeletable) != 0;
    relation.comment = row.TextOrNull(7);
    relation.reads_as_caller = row.IsTrue(8);
    relation.plain_writes = record.kind == 'r';
    position_of_.emplace(relation.oid, records_.size());
    records_.push_back(std::move(record));
  });
}

void RelationRecords::ReadColumns(const pg::Rows& rows) {
  ForEachRow(rows, [&](const Row& row) {
    RelationRecord* record = Find(row.OidAt(0));
    if (!record) return;
    record->numbers.push_back(row.Int(1));
    record->relation.columns.push_back(ReadColumn(row));
  });
}

void RelationRecords::ReadDefaults(const pg::Rows& rows) {
  ForEachRow(rows, [&](const Row& row) {
    const std::optional<std::string> expression = row.TextOrNull(1);
    row.ForEachColumn(0, [&](Oid relation, int number) {
      RelationRecord* record = Find(relation);
      Column* column = record ? record->FindNumber(number) : nullptr;
      if (column && !column->is_generated) column->default_expression = expression;
    });
  });
}

void RelationRecords::ReadPrimaryKeys(const pg::Rows& rows) {
  ForEachRow(rows, [&](const Row& row) {
    RelationRecord* record = Find(row.OidAt(0));
    const Column* column = record ? record->FindNumber(row.Int(1)) : nullptr;
    if (column) record->relation.primary_key.push_back(column->name);
  });
}

void RelationRecords::ReadWriteObstacles(const Answers& answers) {
  for (const Query query : {Query::kTriggers, Query::kDeferrables, Query::kRules, Query::kInheritance}) {
    ForEachRow(answers[query], [&](const Row& row) {
      if (RelationRecord* record = Find(row.OidAt(0))) record->relation.plain_writes = false;
    });
  }
  ForEachRow(answers[Query::kInheritance], [&](const Row& row) {
    if (RelationRecord* record = Find(row.OidAt(0))) record->relation.has_children = record->kind == 'r';
  });
}

RelationRecord* RelationRecords::Find(Oid oid) {
  return const_cast<RelationRecord*>(static_cast<const RelationRecords&>(*this).Find(oid));
}

const RelationRecord* RelationRecords::Find(Oid oid) const {
  const auto found = position_of_.find(oid);
  return found == position_of_.end() ? nullptr : &records_[found->second];
}

std::vector<Relation> RelationRecords::TakeLoaded(const FootprintGraph& footprints) && {
  std::vector<Relation> loaded;
  for (RelationRecord& record : records_) {
    if (!record.is_loaded) continue;
    Relation& relation = loaded.emplace_back(std::move(record.relation));
    relation.columns.shrink_to_fit();
    relation.reading = footprints.Of(Use::kRead, relation.oid);
    relation.writing = footprints.Of(Use::kWrite, relation.oid);
  }
  return loaded;
}

}  // namespace pando::introspect
