#include "bench/row_maker.h"

#include <algorithm>

#include "bench/row_values.h"

namespace pando::bench {
namespace {

constexpr double kPopularity = 0.8;  // Zipf's exponent of parents: a few have many children
constexpr double kNullShare = 0.1;
constexpr int kDrawsMax = 64;
constexpr double kCombinationsShareMax = 0.5;

bool Contains(const std::vector<size_t>& list, size_t what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

}  // namespace

// FNV-1a (Fowler, Noll, Vo).
uint64_t SaltOf(const std::string& table) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : table) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

RowMaker::RowMaker(const TableShape& table, std::vector<ParentKeys> parents, uint64_t rows, uint64_t seed)
    : table_(&table),
      parents_(std::move(parents)),
      in_order_(parents_.size(), false),
      plans_(table.columns.size()),
      drawn_(parents_.size()),
      parent_values_(parents_.size()),
      rows_(rows),
      salt_(SaltOf(table.name)),
      random_(seed, salt_) {}

Result<RowMaker> RowMaker::Make(const TableShape& table, std::vector<ParentKeys> parents, uint64_t rows,
                                uint64_t seed) {
  RowMaker maker(table, std::move(parents), rows, seed);
  for (const ParentKeys& parent : maker.parents_) {
    const uint64_t count = std::max<uint64_t>(parent.count, 1);
    maker.popularity_.push_back(Sampler::Zipf(count, kPopularity));
    maker.scatters_.emplace_back(count);
  }
  PANDO_CHECK(maker.PlanColumns());
  return maker;
}

Result<void> RowMaker::PlanColumns() {
  const TableShape& table = *table_;
  std::vector<bool> planned(table.columns.size(), false);
  for (size_t key = 0; key < table.foreign_keys.size(); ++key) {
    const std::vector<size_t>& columns = table.foreign_keys[key].columns;
    for (size_t position = 0; position < columns.size(); ++position) {
      const size_t column = columns[position];
      // A column of two foreign keys can follow only one of them.
      if (planned[column]) continue;
      planned[column] = true;
      plans_[column] = {parents_[key].count > 0 ? Source::kParent : Source::kNull, key, position, 0};
      const bool optional = !table.columns[column].not_null;
      if (parents_[key].count == 0 && !optional) {
        return Error(ErrorId::kConfigInvalid, "the table \"" + table.name + "\" needs rows of \"" +
                                                  table.foreign_keys[key].table + "\", and there are none");
      }
      if (optional && columns.size() == 1) plans_[column].null_share = kNullShare;
    }
  }
  PANDO_CHECK(PlanKeys());
  for (size_t column = 0; column < table.columns.size(); ++column) {
    if (!planned[column] && plans_[column].source != Source::kKey) PANDO_CHECK(PlanValue(column));
    if (plans_[column].source != Source::kDefault) written_.push_back(column);
  }
  return {};
}

// Each unique key needs one column that differs in every row, or combinations of parents that do.
Result<void> RowMaker::PlanKeys() {
  for (const std::vector<size_t>& key : table_->unique_keys) {
    const auto is_free = [&](size_t column) {
      return plans_[column].source != Source::kParent && plans_[column].source != Source::kNull;
    };
    const auto free = std::find_if(key.rbegin(), key.rend(), is_free);
    for (const size_t column : key) plans_[column].null_share = 0;
    if (free != key.rend()) {
      plans_[*free].source = Source::kKey;
      std::string value;
      if (!AppendKey(value, table_->columns[*free], 0, salt_)) return NothingKnown(*free);
      continue;
    }
    std::vector<size_t> combination;
    double possible = 1;
    for (const size_t column : key) {
      if (plans_[column].source != Source::kParent || Contains(combination, plans_[column].parent)) continue;
      combination.push_back(plans_[column].parent);
      possible *= static_cast<double>(parents_[plans_[column].parent].count);
    }
    if (combination.empty()) continue;
    if (combination.size() == 1) {
      in_order_[combination[0]] = true;
      rows_ = std::min(rows_, parents_[combination[0]].count);
      continue;
    }
    rows_ = std::min(rows_, static_cast<uint64_t>(std::max(possible * kCombinationsShareMax, 1.0)));
    combinations_.push_back(std::move(combination));
    seen_.emplace_back();
  }
  return {};
}

Error RowMaker::NothingKnown(size_t column) const {
  const ColumnShape& shape = table_->columns[column];
  return Error(ErrorId::kConfigInvalid,
               "cannot make a value for the column \"" + table_->name + "." + shape.name + "\" of type " + shape.type)
      .WithHint("leave its table out with --tables " + table_->name + "=0");
}

Result<void> RowMaker::PlanValue(size_t column) {
  const ColumnShape& shape = table_->columns[column];
  if (!shape.not_null) plans_[column].null_share = kNullShare;
  std::string value;
  Random random(1);
  if (AppendValue(value, shape, 0, 1, random)) return {};
  plans_[column].source = shape.has_default ? Source::kDefault : Source::kNull;
  if (shape.has_default || !shape.not_null) return {};
  return NothingKnown(column);
}

void RowMaker::DrawParents() {
  for (size_t key = 0; key < parents_.size(); ++key) {
    if (parents_[key].count == 0) continue;
    const uint64_t rank = in_order_[key] ? index_ % parents_[key].count : popularity_[key].Draw(random_);
    drawn_[key] = scatters_[key](rank);
  }
}

bool RowMaker::IsNew() {
  std::vector<uint64_t> marks;
  for (const std::vector<size_t>& combination : combinations_) {
    uint64_t mark = 0;
    for (const size_t key : combination) mark = Random(mark, drawn_[key]).Next();
    if (seen_[marks.size()].contains(mark)) return false;
    marks.push_back(mark);
  }
  for (size_t i = 0; i < marks.size(); ++i) seen_[i].insert(marks[i]);
  return true;
}

bool RowMaker::Append(std::string& out) {
  if (index_ >= rows_) return false;
  int draws = 0;
  do {
    if (++draws > kDrawsMax) return false;
    DrawParents();
  } while (!IsNew());
  for (size_t key = 0; key < parents_.size(); ++key) {
    if (parents_[key].count > 0) parent_values_[key] = parents_[key].at(drawn_[key]);
  }
  const size_t begin = out.size();
  for (const size_t column : written_) {
    if (out.size() > begin) out += '\t';
    const Plan& plan = plans_[column];
    const ColumnShape& shape = table_->columns[column];
    if (plan.source == Source::kNull || (plan.null_share > 0 && random_.Unit() < plan.null_share)) {
      out += "\\N";
    } else if (plan.source == Source::kParent) {
      out += parent_values_[plan.parent][plan.position];
    } else if (plan.source == Source::kValue) {
      AppendValue(out, shape, index_, rows_, random_);
    } else if (!AppendKey(out, shape, index_, salt_)) {
      out.resize(begin);
      return false;
    }
  }
  out += '\n';
  ++index_;
  return true;
}

}  // namespace pando::bench
