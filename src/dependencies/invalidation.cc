#include "dependencies/invalidation.h"

#include "cache/rules.h"
#include "dependencies/tags.h"

namespace pando::dependencies {
namespace {

using cache::Holds;
using cache::Rule;
using changes::Cell;
using changes::Change;
using changes::Row;
using changes::Table;

void AddWhole(pgtypes::Oid relation, std::vector<cache::Tag>& tags) {
  if (Holds(Rule::kWholeTags)) tags.push_back(WholeTag(relation));
}

// By the columns of the identity. Where one is not told the row is not known by it, and no answer names it so.
void AddRow(const Table& table, const Row& row, std::vector<cache::Tag>& tags) {
  std::vector<std::string_view> key;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (!table.columns[i].in_identity) continue;
    if (i >= row.size() || row[i].kind != Cell::Kind::kText) return AddWhole(table.oid, tags);
    key.push_back(row[i].text);
  }
  if (Holds(Rule::kRowTags)) tags.push_back(RowTag(table.oid, key));
}

void AddEqualities(const Table& table, const Row& row, std::vector<cache::Tag>& tags) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Table::Column& column = table.columns[i];
    if (i >= row.size() || row[i].kind == Cell::Kind::kUnchanged) {
      tags.push_back(ColumnTag(table.oid, column.name));
    } else if (row[i].kind == Cell::Kind::kText && IsEqualityType(column.type) &&
               row[i].text.size() <= kEqualityBytesMax) {
      tags.push_back(EqualityTag(table.oid, column.name, row[i].text));
    }
  }
}

void AddChange(const Change& change, std::vector<cache::Tag>& tags) {
  const Table& table = *change.table;
  if (change.kind == Change::Kind::kTruncate) return AddWhole(table.oid, tags);
  if (Holds(Rule::kAnyChangeTags)) tags.push_back(AnyChangeTag(table.oid));
  if (change.before) AddRow(table, *change.before, tags);
  if (!change.after) return;
  AddRow(table, *change.after, tags);
  if (Holds(Rule::kEqualityTags)) AddEqualities(table, *change.after, tags);
}

}  // namespace

std::vector<cache::Tag> InvalidatedBy(const changes::Transaction& transaction) {
  std::vector<cache::Tag> tags;
  for (const Change& change : transaction.changes) AddChange(change, tags);
  for (const pgtypes::Oid relation : transaction.unlisted) AddWhole(relation, tags);
  RemoveRepeated(tags);
  return tags;
}

}  // namespace pando::dependencies
