// Writes the tree of reads: each embed is a lateral join, to-one as a row, to-many as an aggregated array.
//
// Concurrency  single-owner
#pragma once

#include <string>
#include <vector>

#include "sql/writer.h"

namespace pando::sql {

class TreeWriter {
 public:
  explicit TreeWriter(Writer& out) : out_(out) {}

  enum class Stars { kAsTheyAre, kListed };
  // SELECT ... of the node with its embeds, order and window. kListed: the columns are those that KeysOf() names.
  void WriteRows(const plan::Node& root, Stars stars = Stars::kAsTheyAre);
  // The names of the columns of WriteRows(), in order.
  // REQUIRES: root.columns, where it has a star
  static std::vector<std::string> KeysOf(const plan::Node& root);
  // SELECT 1 ... for each row that WriteRows would give without the window; embeds only where they choose rows.
  void WriteRowsForCount(const plan::Node& root);
  // The conditions with AND between, for the WHERE of a write on `alias`. REQUIRES: none is about an embed.
  void WriteConditions(const std::vector<plan::Condition>& conditions, const std::string& alias);

 private:
  enum class Mode { kRows, kCount };
  // What the writing of one node knows.
  struct Scope {
    const plan::Node& node;
    std::string alias;
    std::vector<std::string> laterals;  // of each embed
    bool is_spread_row = false;         // a to-one spread: aggregates are left to the parent
    bool is_spread = false;             // its columns have positions for names (PositionsOf)
    std::string row;                    // the outputs, where they are one value beside hidden columns; else empty
    std::vector<int> group_by;          // positions in the select list
    int written = 0;                    // columns of the select list so far
  };
  // A column that a spread lifts into its parent.
  struct Lifted {
    std::string key;
    std::optional<rest::Aggregate> aggregate;
    std::string aggregate_cast;
    bool is_count_star = false;
    bool is_json = false;  // an embed's value
    size_t position = 0;   // in the spread's lateral, from 1; 0: it has no column there (count() is left to the parent)
  };

  void WriteNode(const plan::Node& node, const plan::Embed* as_embed, const Scope* parent, Mode mode);
  void WriteOutputs(Scope& scope);
  void WriteOutput(Scope& scope, const plan::Output& output);
  void WriteColumnOutput(Scope& scope, const plan::ColumnOutput& output);
  void WriteStar(Scope& scope);
  void WriteEmbedOutput(Scope& scope, const plan::Embed& embed, const std::string& lateral);
  // The outputs as one value; WriteRow() makes `scope.row` of them, behind FROM.
  void WritePacked(const Scope& scope);
  void WriteRow(Scope& scope);
  void WriteHidden(const Scope& scope, bool first);
  void BeginOutput(Scope& scope, bool aggregated);
  void WriteFrom(const Scope& scope, const plan::Embed* as_embed, const Scope* parent, std::string* junction);
  void WriteLaterals(const Scope& scope, Mode mode);
  void WriteLateral(const Scope& scope, const plan::Embed& embed, const std::string& lateral);
  void WriteWhere(const Scope& scope, const plan::Embed* as_embed, const Scope* parent, const std::string& junction);
  void WriteCondition(const Scope& scope, const plan::Condition& condition);
  void WriteGroups(const Scope& scope);
  void WriteOrder(const Scope& scope);
  void WriteOrderColumn(const Scope& scope, const plan::OrderTerm& term);
  void WriteWindow(const plan::Node& node);

  std::string AliasFor(const plan::Node& node);
  // Keeps the aliases of the nodes from being those of derived tables.
  void ReserveAliases(const plan::Node& node);
  static std::vector<Lifted> LiftedBy(const plan::Node& node);
  // The same with the positions in the lateral.
  static std::vector<Lifted> LiftedBy(const plan::Embed& embed);
  static size_t PositionsOf(const plan::Embed& embed);
  // The names, in the lateral, of a column for the parent's order, of the number of rows of a to-many spread, and of
  // an output.
  static std::string HiddenColumnOf(const plan::Embed& embed, const std::string& number);
  static std::string CountColumnOf(const plan::Embed& embed);
  static std::string ColumnOf(const plan::Embed& embed, const std::string& key);

  Writer& out_;
  Stars stars_ = Stars::kAsTheyAre;
  std::vector<std::string> aliases_;  // of the nodes above, so that no name hides another
};

// Whether the embed decides which rows of the node there are.
bool ChoosesRows(const plan::Node& node, size_t embed);
// Whether the embed is part of the node's statement, other than of a count: it shows something, its parent is ordered
// by it, or it chooses rows.
bool IsWritten(const plan::Node& node, size_t embed);

}  // namespace pando::sql
