#include "bench/populate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <set>
#include <vector>

#include "bench/row_maker.h"
#include "bench/row_values.h"
#include "bench/table_shape.h"
#include "config/nearest.h"
#include "pg/copy_session.h"
#include "pg/quote.h"

namespace pando::bench {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr uint64_t kKeysReadMax = 200'000;
constexpr uint64_t kParentShare = 10;
constexpr uint64_t kParentRowsMin = 10;

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

class Populator {
 public:
  Populator(pg::CopySession& session, const PopulateOptions& options) : session_(session), options_(options) {}

  Result<void> Run() {
    PANDO_TRY(tables_, ReadTableShapes(session_, options_.schema));
    if (tables_.empty()) return Error(ErrorId::kConfigInvalid, "the schema \"" + options_.schema + "\" has no tables");
    PANDO_CHECK(ReadNumbers());
    for (const size_t table : ParentsFirst()) {
      if (tables_[table].has_rows) {
        std::printf("%-32s has rows already\n", tables_[table].name.c_str());
      } else if (RowsOf(table) > 0) {
        PANDO_CHECK(Fill(table));
      }
    }
    return {};
  }

 private:
  Result<void> ReadNumbers() {
    std::vector<std::string> names;
    for (const TableShape& table : tables_) names.push_back(table.name);
    for (const std::string& part : Split(options_.tables, ',')) {
      const std::vector<std::string> words = Split(part, '=');
      const bool is_number =
          words.size() == 2 && words[1].size() < 16 && words[1].find_first_not_of("0123456789") == std::string::npos;
      if (!is_number)
        return Error(ErrorId::kConfigInvalid, "--tables must be like orders=500000,items=1000, not \"" + part + "\"");
      if (std::find(names.begin(), names.end(), words[0]) == names.end()) {
        const Error error(ErrorId::kConfigInvalid,
                          "there is no table \"" + words[0] + "\" in \"" + options_.schema + "\"");
        const auto hint = config::NearestHint(words[0], names);
        return hint ? error.WithHint(*hint) : error;
      }
      numbers_[words[0]] = std::stoull(words[1]);
    }
    return {};
  }

  size_t IndexOf(const std::string& name) const {
    const auto found =
        std::find_if(tables_.begin(), tables_.end(), [&](const TableShape& t) { return t.name == name; });
    return static_cast<size_t>(found - tables_.begin());
  }

  // How many steps of reference lead to a table: 0 when no other refers to it. Circles count once.
  size_t HeightOf(size_t table, std::set<size_t> below) const {
    size_t height = 0;
    below.insert(table);
    for (size_t child = 0; child < tables_.size(); ++child) {
      if (below.contains(child)) continue;
      for (const ForeignKeyShape& key : tables_[child].foreign_keys) {
        if (key.table == tables_[table].name) height = std::max(height, HeightOf(child, below) + 1);
      }
    }
    return height;
  }

  uint64_t RowsOf(size_t table) const {
    const auto given = numbers_.find(tables_[table].name);
    if (given != numbers_.end()) return given->second;
    auto rows = static_cast<uint64_t>(options_.rows);
    for (size_t i = HeightOf(table, {}); i > 0; --i)
      rows = std::max(rows / kParentShare, std::min(rows, kParentRowsMin));
    return rows;
  }

  // Tables behind those they refer to. In a circle the first by name comes first; its references stay empty.
  std::vector<size_t> ParentsFirst() const {
    std::vector<size_t> order;
    std::vector<bool> placed(tables_.size(), false);
    const auto waits = [&](size_t table) {
      const auto& keys = tables_[table].foreign_keys;
      return std::any_of(keys.begin(), keys.end(), [&](const ForeignKeyShape& key) {
        const size_t parent = IndexOf(key.table);
        return parent != table && parent < tables_.size() && !placed[parent];
      });
    };
    while (order.size() < tables_.size()) {
      size_t next = tables_.size();
      for (size_t i = 0; i < tables_.size(); ++i) {
        if (placed[i]) continue;
        const bool is_better = next == tables_.size() || (!waits(i) && waits(next));
        if (is_better) next = i;
      }
      placed[next] = true;
      order.push_back(next);
    }
    return order;
  }

  Result<ParentKeys> KeysOf(const ForeignKeyShape& key, const TableShape& child, uint64_t rows) {
    const size_t position = IndexOf(key.table);
    const auto made = made_.find(key.table);
    const bool is_self = key.table == child.name;
    if (position < tables_.size() && (is_self || made != made_.end()) &&
        IsFormula(tables_[position], key.foreign_columns)) {
      return Formula(tables_[position], key.foreign_columns, is_self ? rows : made->second);
    }
    if (is_self) return ParentKeys();
    return ReadKeys(key);
  }

  // Whether the columns are keys by themselves, whose values follow from the row's index.
  static bool IsFormula(const TableShape& table, const std::vector<std::string>& columns) {
    if (columns.size() != 1) return false;
    const std::optional<size_t> column = table.Find(columns[0]);
    if (!column) return false;
    for (const ForeignKeyShape& key : table.foreign_keys) {
      if (std::find(key.columns.begin(), key.columns.end(), *column) != key.columns.end()) return false;
    }
    return true;
  }

  static ParentKeys Formula(const TableShape& table, const std::vector<std::string>& columns, uint64_t rows) {
    ParentKeys keys;
    keys.count = rows;
    keys.at = [&table, column = *table.Find(columns[0]), salt = SaltOf(table.name)](uint64_t index) {
      std::string value;
      AppendKey(value, table.columns[column], index, salt);
      return std::vector<std::string>{std::move(value)};
    };
    return keys;
  }

  Result<ParentKeys> ReadKeys(const ForeignKeyShape& key) {
    std::string list;
    for (const std::string& column : key.foreign_columns)
      list += (list.empty() ? "" : ", ") + pg::QuoteIdentifier(column);
    PANDO_TRY(std::vector<pg::CopySession::Row> rows,
              session_.Run(fmt::format("select {} from {} limit {}", list, Qualified(key.table), kKeysReadMax)));
    auto read = std::make_shared<std::vector<std::vector<std::string>>>();
    for (const pg::CopySession::Row& row : rows) {
      std::vector<std::string> values;
      for (const auto& value : row) {
        values.emplace_back(value ? "" : "\\N");
        if (value) AppendEscaped(values.back(), *value);
      }
      read->push_back(std::move(values));
    }
    ParentKeys keys;
    keys.count = read->size();
    keys.at = [read](uint64_t index) { return (*read)[index]; };
    return keys;
  }

  std::string Qualified(const std::string& table) const {
    return pg::QuoteIdentifier(options_.schema) + "." + pg::QuoteIdentifier(table);
  }

  Result<void> Fill(size_t position) {
    const TableShape& table = tables_[position];
    const uint64_t wanted = RowsOf(position);
    std::vector<ParentKeys> parents;
    for (const ForeignKeyShape& key : table.foreign_keys) {
      PANDO_TRY(ParentKeys keys, KeysOf(key, table, wanted));
      parents.push_back(std::move(keys));
    }
    PANDO_TRY(RowMaker maker, RowMaker::Make(table, std::move(parents), wanted, static_cast<uint64_t>(options_.seed)));
    const auto begin = std::chrono::steady_clock::now();
    PANDO_TRY(const uint64_t rows, Copy(table, maker));
    PANDO_CHECK(SetSequences(table));
    PANDO_TRY(const auto analyzed, session_.Run("analyze " + Qualified(table.name)));
    made_[table.name] = rows;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%-32s %10llu rows in %.1f s, %.1f million a minute\n", table.name.c_str(),
                static_cast<unsigned long long>(rows), seconds, static_cast<double>(rows) / seconds * 60 / 1e6);
    std::fflush(stdout);
    return {};
  }

  Result<uint64_t> Copy(const TableShape& table, RowMaker& maker) {
    std::string list;
    for (const size_t column : maker.columns())
      list += (list.empty() ? "" : ", ") + pg::QuoteIdentifier(table.columns[column].name);
    PANDO_CHECK(session_.Begin("copy " + Qualified(table.name) + " (" + list + ") from stdin"));
    uint64_t rows = 0;
    std::string piece;
    while (maker.Append(piece)) {
      ++rows;
      if (piece.size() < kPieceBytes) continue;
      PANDO_CHECK(session_.Write(piece));
      piece.clear();
    }
    PANDO_CHECK(session_.Write(piece));
    const Result<void> finished = session_.Finish();
    if (!finished) return finished.error();
    return rows;
  }

  // The next insert must not meet a number that a row has.
  Result<void> SetSequences(const TableShape& table) {
    for (const ColumnShape& column : table.columns) {
      if (!column.has_sequence) continue;
      PANDO_TRY(const auto set,
                session_.Run(fmt::format("select setval(pg_get_serial_sequence({}, {}), greatest(max({}), 1)) from {}",
                                         pg::QuoteLiteral(Qualified(table.name)), pg::QuoteLiteral(column.name),
                                         pg::QuoteIdentifier(column.name), Qualified(table.name))));
    }
    return {};
  }

  pg::CopySession& session_;
  const PopulateOptions& options_;
  std::vector<TableShape> tables_;
  std::map<std::string, uint64_t> numbers_;  // of --tables
  std::map<std::string, uint64_t> made_;     // rows by table
};

}  // namespace

Result<void> Populate(const std::string& uri, const PopulateOptions& options) {
  if (options.rows < 0) return Error(ErrorId::kConfigInvalid, "--rows must not be negative");
  PANDO_TRY(const std::unique_ptr<pg::CopySession> session, pg::CopySession::Open(uri));
  return Populator(*session, options).Run();
}

}  // namespace pando::bench
