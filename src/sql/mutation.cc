#include <algorithm>

#include "plan/mutations.h"
#include "sql/expressions.h"
#include "sql/sources.h"
#include "sql/tree_writer.h"

namespace pando::sql {
namespace {

using plan::Mutation;
using rest::Payload;

constexpr const char* kBody = "pando_body";
// An object of the payload, where some may lack columns; its fields; one of its keys; all of its keys.
constexpr const char *kElement = "pando_element", *kFields = "pando_fields", *kKey = "pando_key", *kKeys = "pando_keys";
constexpr const char* kExcluded = "excluded";  // PostgreSQL's name for the row that ON CONFLICT refused

class MutationWriter {
 public:
  MutationWriter(Writer& out, const plan::Plan& plan, const Payload& payload)
      : out_(out),
        plan_(plan),
        mutation_(*plan.mutation),
        payload_(payload),
        alias_(mutation_.relation->name.name),
        body_(alias_ == kBody ? std::string(kBody) + "_" : kBody) {
    if (alias_ == kExcluded && updates_on_conflict()) alias_ += '_';
    for (const plan::PayloadColumn& column : mutation_.columns) {
      if (!column.left_out) given_.push_back(&column);
    }
    has_defaults_ = std::any_of(given_.begin(), given_.end(), [](const auto* it) { return it->default_expression; });
  }

  void Write() {
    switch (mutation_.kind) {
      case Mutation::Kind::kInsert:
      case Mutation::Kind::kPut:
        WriteInsert();
        break;
      case Mutation::Kind::kUpdate:
        WriteUpdate();
        break;
      case Mutation::Kind::kDelete:
        out_ << "DELETE FROM ";
        WriteTarget();
        WriteWhere();
        WriteReturning();
        break;
    }
  }

 private:
  const std::string& alias() const { return alias_; }
  bool is_array() const { return payload_.kind == Payload::Kind::kJsonArray; }
  bool upserts() const { return mutation_.merge && !mutation_.conflict.empty(); }
  bool updates_on_conflict() const { return upserts() && !mutation_.columns.empty(); }

  void WriteTarget() {
    out_.Name(mutation_.relation->name) << " AS ";
    out_.Name(alias());
  }

  void WriteInsert() {
    out_ << "INSERT INTO ";
    WriteTarget();
    if (given_.empty()) {
      WriteDefaultRows();
    } else {
      out_ << "(";
      WriteNames();
      out_ << ") SELECT ";
      WriteValues();
      out_ << " FROM ";
      WriteBody(mutation_.kind == Mutation::Kind::kPut);
      WriteInsertWhere();
    }
    WriteConflict();
    WriteReturning();
  }

  // A row of defaults for each object: no object has a column.
  void WriteDefaultRows() {
    if (is_array()) {
      out_ << " SELECT FROM pg_catalog.json_array_elements(";
      out_.Value(payload_.text) << "::pg_catalog.json)";
    } else {
      out_ << (updates_on_conflict() ? " SELECT" : " DEFAULT VALUES");
    }
    if (updates_on_conflict()) WriteInsertWhere();
  }

  void WriteUpdate() {
    if (mutation_.columns.empty()) {
      // Nothing to set: no row is touched, and none is shown.
      out_ << "SELECT ";
      WriteReturningList(alias());
      out_ << " FROM ";
      WriteTarget();
      out_ << " WHERE FALSE";
      return;
    }
    out_ << "UPDATE ";
    WriteTarget();
    out_ << " SET ";
    for (size_t i = 0; i < mutation_.columns.size(); ++i) {
      if (i > 0) out_ << ", ";
      const plan::PayloadColumn& column = mutation_.columns[i];
      out_.Name(column.name) << " = ";
      if (column.left_out) {
        out_ << "DEFAULT";
      } else {
        WriteValue(column);
      }
    }
    if (!given_.empty()) {
      out_ << " FROM ";
      WriteBody(true);
    }
    WriteWhere();
    WriteReturning();
  }

  void WriteNames() {
    for (size_t i = 0; i < given_.size(); ++i) {
      if (i > 0) out_ << ", ";
      out_.Name(given_[i]->name);
    }
  }

  // The field of the payload as a value of the column.
  void WriteField(const std::string& from, const plan::PayloadColumn& column) {
    const bool represented = !column.from_json.empty();
    if (represented) out_ << column.from_json << "(";
    out_.Column(from, column.name);
    if (column.json_as_text) out_ << "::" << (represented ? "pg_catalog.json" : column.sql_type);
    if (represented) out_ << ")";
  }

  // The column's value in a row of the body.
  void WriteValue(const plan::PayloadColumn& column) {
    if (has_defaults_) {
      out_.Column(body_, column.name);
    } else {
      WriteField(body_, column);
    }
  }

  void WriteValues() {
    for (size_t i = 0; i < given_.size(); ++i) {
      if (i > 0) out_ << ", ";
      WriteValue(*given_[i]);
    }
  }

  // The type that a field of the payload is read as.
  const std::string& BodyTypeOf(const plan::PayloadColumn& column) const {
    static const std::string json = "pg_catalog.json", text = "pg_catalog.text";
    if (column.json_as_text) return text;
    return column.from_json.empty() ? column.sql_type : json;
  }

  // The payload as rows named `body_`. `first_only`: of an array, the first object.
  void WriteBody(bool first_only) {
    const bool set = is_array() && !first_only;
    if (has_defaults_) {
      WriteBodyWithDefaults(set);
      return;
    }
    out_ << (set ? "pg_catalog.json_to_recordset(" : "pg_catalog.json_to_record(");
    WriteJson(first_only);
    out_ << ") AS ";
    WriteFieldTypes(body_);
  }

  void WriteJson(bool first_only) {
    out_.Value(plan::JsonOf(mutation_, payload_)) << "::pg_catalog.json" << (is_array() && first_only ? "->0" : "");
  }

  void WriteFieldTypes(const std::string& of) {
    out_.Name(of) << "(";
    for (size_t i = 0; i < given_.size(); ++i) {
      if (i > 0) out_ << ", ";
      out_.Name(given_[i]->name) << " " << BodyTypeOf(*given_[i]);
    }
    out_ << ")";
  }

  // Objects may lack columns. A default is no JSON: it is an expression beside the fields, evaluated for the rows that
  // lack the column and no others.
  void WriteBodyWithDefaults(bool set) {
    out_ << "(SELECT ";
    for (size_t i = 0; i < given_.size(); ++i) {
      if (i > 0) out_ << ", ";
      WriteFieldOrDefault(*given_[i]);
      out_ << " AS ";
      out_.Name(given_[i]->name);
    }
    out_ << " FROM " << (set ? "pg_catalog.json_array_elements(" : "(SELECT ");
    WriteJson(!set);
    out_ << ") AS ";
    out_.Name(kElement).Positions(1) << ", LATERAL pg_catalog.json_to_record(";
    out_.Column(kElement, "1") << ") AS ";
    WriteFieldTypes(kFields);
    out_ << ", LATERAL (SELECT pg_catalog.array_agg(";
    out_.Column(kKey, "1") << ") FROM pg_catalog.json_object_keys(";
    out_.Column(kElement, "1") << ") AS ";
    out_.Name(kKey).Positions(1) << ") AS ";
    // OFFSET 0 keeps conditions on the rows out of here: of a PUT, the second counts the rows that meet the first.
    out_.Name(kKeys).Positions(1) << " OFFSET 0) AS ";
    out_.Name(body_);
  }

  void WriteFieldOrDefault(const plan::PayloadColumn& column) {
    if (column.default_expression) {
      out_ << "CASE WHEN ";
      out_.Literal(column.name) << " = ANY (";
      out_.Column(kKeys, "1") << ") THEN ";
    }
    WriteField(kFields, column);
    if (column.default_expression)
      out_ << " ELSE (" << *column.default_expression << ")::" << column.default_type << " END";
  }

  void WriteInsertWhere() {
    const char* word = " WHERE ";
    for (const auto& [column, value] : mutation_.put_key) {
      out_ << word;
      word = " AND ";
      const plan::PayloadColumn* given = FindColumn(column);
      if (!given) {
        out_ << "FALSE";
        continue;
      }
      WriteValue(*given);
      out_ << " = ";
      out_.Value(value);
    }
    if (!upserts()) return;
    out_ << word << "pg_catalog.set_config(";
    out_.Literal(kInsertedSetting) << ", (";
    WriteInserted();
    out_ << " + 1)::pg_catalog.text, true) <> '0'";
  }

  const plan::PayloadColumn* FindColumn(const std::string& name) const {
    for (const auto& column : mutation_.columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }

  void WriteInserted() {
    out_ << "coalesce(nullif(pg_catalog.current_setting(";
    out_.Literal(kInsertedSetting) << ", true), ''), '0')::int";
  }

  void WriteConflict() {
    if (mutation_.conflict.empty()) return;
    out_ << " ON CONFLICT(";
    for (size_t i = 0; i < mutation_.conflict.size(); ++i) {
      if (i > 0) out_ << ", ";
      out_.Name(mutation_.conflict[i]);
    }
    out_ << ") ";
    if (!updates_on_conflict()) {
      out_ << "DO NOTHING";
      return;
    }
    out_ << "DO UPDATE SET ";
    for (size_t i = 0; i < mutation_.columns.size(); ++i) {
      if (i > 0) out_ << ", ";
      out_.Name(mutation_.columns[i].name) << " = EXCLUDED.";
      out_.Name(mutation_.columns[i].name);
    }
    out_ << " WHERE pg_catalog.set_config(";
    out_.Literal(kInsertedSetting) << ", (";
    WriteInserted();
    out_ << " - 1)::pg_catalog.text, true) <> '-1'";
  }

  void WriteWhere() {
    if (mutation_.where.empty()) return;
    out_ << " WHERE ";
    TreeWriter(out_).WriteConditions(mutation_.where, alias());
  }

  // Under another alias than its name, the relation returns its own columns only: a message about another one comes
  // from the tree of reads, which has the relation's name. A field that is a function of the row gets the whole row
  // there.
  std::vector<std::string> Returned() const {
    const catalog::Relation& relation = *mutation_.relation;
    const auto is_own = [&](const std::string& name) { return relation.Get(name) != nullptr; };
    const std::vector<std::string>& wanted = mutation_.returning;
    if (alias_ == relation.name.name || std::all_of(wanted.begin(), wanted.end(), is_own)) return wanted;
    std::vector<std::string> own;
    for (const catalog::Column& column : relation.columns) own.push_back(column.name);
    return own;
  }

  void WriteReturning() {
    out_ << " RETURNING ";
    WriteReturningList(alias());
  }

  void WriteReturningList(const std::string& from) {
    const auto names = plan_.representation ? Returned() : mutation_.location;
    for (size_t i = 0; i < names.size(); ++i) {
      if (i > 0) out_ << ", ";
      out_.Column(from, names[i]);
    }
    if (plan_.representation && mutation_.returning_row) {
      if (!names.empty()) out_ << ", ";
      out_ << "(";
      out_.Name(from) << ".*)::";
      out_.Name(mutation_.relation->name) << " AS ";
      out_.Name(plan::RowColumnOf(plan_.read));
    } else if (names.empty()) {
      out_ << "1 AS \"pando_one\"";
    }
  }

  Writer& out_;
  const plan::Plan& plan_;
  const Mutation& mutation_;
  const Payload& payload_;
  std::string alias_;                              // the relation's name, where PostgreSQL has no other use for it
  std::string body_;                               // the payload's rows
  std::vector<const plan::PayloadColumn*> given_;  // the columns but for those that are left out
  bool has_defaults_ = false;                      // some rows get a default of ours
};

}  // namespace

void WriteMutation(Writer& out, const plan::Plan& plan, const Payload& payload) {
  MutationWriter(out, plan, payload).Write();
}

}  // namespace pando::sql
