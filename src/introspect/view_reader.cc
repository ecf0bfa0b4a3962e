#include "introspect/view_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "introspect/node_tree.h"
#include "introspect/row.h"

namespace pando::introspect {
namespace {

using catalog::Column;
using catalog::ForeignKey;
using catalog::QualifiedName;
using catalog::Relation;
using catalog::ViewColumnOrigin;

// Views upon views upon views: PostgreSQL forbids circles, so this is a matter of taste, not of need.
constexpr int kViewDepthMax = 100;

struct ColumnRef {
  Oid relation = 0;
  int number = 0;
};

uint64_t KeyOf(ColumnRef column) {
  return (static_cast<uint64_t>(column.relation) << 16) | static_cast<uint16_t>(column.number);
}

using Origins = std::unordered_map<uint64_t, ColumnRef>;

// Each view column's column in the view's own FROM, which may belong to another view.
Origins ReadNextOrigins(const pg::Rows& rules) {
  Origins next;
  ForEachRow(rules, [&](const Row& row) {
    const bool is_view = row.Char(1) == 'v' || row.Char(1) == 'm';
    if (!is_view || row.Char(2) != '1') return;
    for (const TargetOrigin& target : ReadTargetOrigins(row.View(4))) {
      next.emplace(KeyOf({row.OidAt(0), target.position}), ColumnRef{target.relation, target.relation_column});
    }
  });
  return next;
}

struct Look {
  std::vector<Oid> relations;  // that the view's query looks into; by PostgreSQL 15 and earlier itself among them
  bool one_for_one = false;    // it shows rows of one of them, one for one
};
using Looks = std::unordered_map<Oid, Look>;

Looks ReadLooks(const pg::Rows& rules) {
  Looks looks;
  ForEachRow(rules, [&](const Row& row) {
    if (row.Char(1) != 'v' || row.Char(2) != '1') return;
    looks.emplace(row.OidAt(0), Look{ReadReferences(row.View(4)).relations, ShowsOneForOne(row.View(4))});
  });
  return looks;
}

// Everything that is reached, further views left out.
std::vector<Relation::Shown> ShownBy(Oid view, const Looks& looks, const RelationRecords& records) {
  std::set<Oid> seen = {view};
  std::vector<Oid> left = {view};
  std::map<Oid, QualifiedName> shown;
  while (!left.empty()) {
    const auto found = looks.find(left.back());
    left.pop_back();
    if (found == looks.end()) continue;
    for (const Oid oid : found->second.relations) {
      if (!seen.insert(oid).second) continue;
      left.push_back(oid);
      const RelationRecord* record = records.Find(oid);
      if (!looks.contains(oid)) shown.emplace(oid, record ? record->relation.name : QualifiedName());
    }
  }
  std::vector<Relation::Shown> listed;
  listed.reserve(shown.size());
  for (auto& [oid, name] : shown) listed.push_back({oid, std::move(name)});
  return listed;
}

// The column below all views; relation 0 when the column is an expression somewhere on the way.
ColumnRef BaseOf(ColumnRef column, const Origins& next, const RelationRecords& records) {
  for (int depth = 0; depth < kViewDepthMax; ++depth) {
    const auto origin = next.find(KeyOf(column));
    if (origin == next.end()) return {};
    column = origin->second;
    const RelationRecord* record = records.Find(column.relation);
    if (!record) return {};
    if (!record->is_view()) return column;
  }
  return {};
}

// A view's column takes what belongs to the value stored below it; whether it is NULL is the view's own matter.
void InheritDefault(Column& column, const Column& base) {
  column.is_generated = base.is_generated;
  column.equates_texts = base.equates_texts;
  if (column.has_default) return;
  column.has_default = base.has_default;
  column.default_expression = base.default_expression;
  column.is_identity = base.is_identity;
}

using FirstCopies = std::map<QualifiedName, std::map<std::string, std::string>>;  // table -> its column -> the view's

// The primary keys of all tables whose key columns all show, one after the other, each column by its first copy.
void InheritPrimaryKeys(RelationRecord& view, const FirstCopies& copies,
                        const std::map<QualifiedName, const RelationRecord*>& tables) {
  for (const auto& copy : copies) {
    const auto& columns = copy.second;
    const std::vector<std::string>& key = tables.at(copy.first)->relation.primary_key;
    const bool shows_all =
        std::all_of(key.begin(), key.end(), [&](const auto& part) { return columns.contains(part); });
    if (!shows_all) continue;
    for (const std::string& part : key) view.relation.primary_key.push_back(columns.at(part));
  }
}

// Of a view that shows a single table: whether all views on the way do so one for one.
bool IsOneForOne(Oid view, const Looks& looks) {
  for (auto found = looks.find(view); found != looks.end(); found = looks.find(view)) {
    const Look& look = found->second;
    const auto below = std::find_if(look.relations.begin(), look.relations.end(), [&](Oid oid) { return oid != view; });
    if (!look.one_for_one || below == look.relations.end()) return false;
    view = *below;
  }
  return true;
}

// REQUIRES: the columns of the view are those of `origins` from `first` on, which are columns of the table
std::shared_ptr<const Relation::OneForOne> ReadOneForOne(const Relation& view, const RelationRecord& table,
                                                         const std::vector<ViewColumnOrigin>& origins, size_t first) {
  auto shown = std::make_shared<Relation::OneForOne>();
  shown->table = table.relation.oid;
  shown->columns.resize(view.columns.size());
  std::map<std::string, std::string> of_table;  // a column of the table: the first that shows it
  for (size_t i = first; i < origins.size(); ++i) {
    const auto shows = [&](const Column& column) { return column.name == origins[i].view_column; };
    const auto at = std::find_if(view.columns.begin(), view.columns.end(), shows);
    shown->columns[static_cast<size_t>(at - view.columns.begin())] = origins[i].table_column;
    of_table.emplace(origins[i].table_column, origins[i].view_column);
  }
  const std::vector<std::string>& key = table.relation.primary_key;
  for (const Column& column : table.relation.columns) {
    if (std::find(key.begin(), key.end(), column.name) == key.end()) continue;
    const auto at = of_table.find(column.name);
    if (at == of_table.end()) {
      shown->key.clear();
      break;
    }
    shown->key.push_back(at->second);
  }
  return shown;
}

void ReadView(RelationRecord& view, const Origins& next, const RelationRecords& records,
              std::vector<ViewColumnOrigin>& origins) {
  FirstCopies copies;
  std::map<QualifiedName, const RelationRecord*> tables;
  for (size_t i = 0; i < view.numbers.size(); ++i) {
    const ColumnRef base = BaseOf({view.relation.oid, view.numbers[i]}, next, records);
    const RelationRecord* table = records.Find(base.relation);
    const Column* base_column = table ? table->FindNumber(base.number) : nullptr;
    if (!base_column) continue;
    Column& column = view.relation.columns[i];
    InheritDefault(column, *base_column);
    origins.push_back({view.relation.name, column.name, table->relation.name, base_column->name});
    copies[table->relation.name].emplace(base_column->name, column.name);
    tables.emplace(table->relation.name, table);
  }
  InheritPrimaryKeys(view, copies, tables);
}

class ForeignKeyReader {
 public:
  ForeignKeyReader(const RelationRecords& records, const std::vector<ViewColumnOrigin>& origins) : records_(records) {
    for (const ViewColumnOrigin& origin : origins) shown_.insert(origin.table);
  }

  // Rows of one constraint follow one another.
  void Take(const Row& row) {
    const RelationRecord* from = records_.Find(row.OidAt(2));
    const RelationRecord* to = records_.Find(row.OidAt(3));
    const Column* column = from ? from->FindNumber(row.Int(4)) : nullptr;
    const Column* foreign_column = to ? to->FindNumber(row.Int(5)) : nullptr;
    if (!column || !foreign_column || !Matters(*from) || !Matters(*to)) return;
    if (keys_.empty() || last_ != row.OidAt(0)) {
      last_ = row.OidAt(0);
      keys_.push_back({row.Text(1), from->relation.name, {}, to->relation.name, {}, row.IsTrue(6)});
    }
    keys_.back().columns.push_back(column->name);
    keys_.back().foreign_columns.push_back(foreign_column->name);
  }

  std::vector<ForeignKey> Finish() { return std::move(keys_); }

 private:
  bool Matters(const RelationRecord& record) const { return record.is_loaded || shown_.contains(record.relation.name); }

  const RelationRecords& records_;
  std::set<QualifiedName> shown_;
  std::vector<ForeignKey> keys_;
  Oid last_ = 0;
};

}  // namespace

std::vector<ViewColumnOrigin> ReadViews(const Answers& answers, RelationRecords& records) {
  const Origins next = ReadNextOrigins(answers[Query::kRules]);
  const Looks looks = ReadLooks(answers[Query::kRules]);
  std::vector<ViewColumnOrigin> origins;
  for (RelationRecord& record : records.all()) {
    if (!record.is_view() || !record.is_loaded) continue;
    Relation& view = record.relation;
    const size_t first = origins.size();
    ReadView(record, next, records, origins);
    view.shows = ShownBy(view.oid, looks, records);
    const RelationRecord* table = view.shows.size() == 1 ? records.Find(view.shows.front().oid) : nullptr;
    if (table && table->kind == 'r' && IsOneForOne(view.oid, looks)) {
      view.one_for_one = ReadOneForOne(view, *table, origins, first);
    }
  }
  return origins;
}

std::vector<ForeignKey> ReadForeignKeys(const Answers& answers, const RelationRecords& records,
                                        const std::vector<ViewColumnOrigin>& origins) {
  ForeignKeyReader reader(records, origins);
  ForEachRow(answers[Query::kForeignKeys], [&](const Row& row) { reader.Take(row); });
  return reader.Finish();
}

}  // namespace pando::introspect
