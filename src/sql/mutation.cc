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
    if (mutation_.columns.empty()) {
      if (is_array()) {
        out_ << " SELECT FROM pg_catalog.json_array_elements(";
        out_.Value(payload_.text) << "::pg_catalog.json)";
      } else {
        out_ << " DEFAULT VALUES";
      }
    } else {
      out_ << "(";
      WriteNames("");
      out_ << ") SELECT ";
      WriteValues();
      out_ << " FROM ";
      WriteBody(mutation_.kind == Mutation::Kind::kPut);
      WriteInsertWhere();
    }
    WriteConflict();
    WriteReturning();
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
      out_.Name(mutation_.columns[i].name) << " = ";
      WriteValue(mutation_.columns[i]);
    }
    out_ << " FROM ";
    WriteBody(true);
    WriteWhere();
    WriteReturning();
  }

  void WriteNames(const char* prefix) {
    for (size_t i = 0; i < mutation_.columns.size(); ++i) {
      if (i > 0) out_ << ", ";
      out_ << prefix;
      out_.Name(mutation_.columns[i].name);
    }
  }

  void WriteValue(const plan::PayloadColumn& column) {
    const bool represented = !column.from_json.empty();
    if (represented) out_ << column.from_json << "(";
    out_.Column(body_, column.name);
    if (column.json_as_text) out_ << "::" << (represented ? "pg_catalog.json" : column.sql_type);
    if (represented) out_ << ")";
  }

  void WriteValues() {
    for (size_t i = 0; i < mutation_.columns.size(); ++i) {
      if (i > 0) out_ << ", ";
      WriteValue(mutation_.columns[i]);
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
    if (mutation_.missing_default) {
      WriteBodyWithDefaults(set);
    } else {
      out_ << (set ? "pg_catalog.json_to_recordset(" : "pg_catalog.json_to_record(");
      out_.Value(plan::JsonOf(mutation_, payload_))
          << "::pg_catalog.json" << (is_array() && first_only ? "->0" : "") << ")";
    }
    out_ << " AS ";
    out_.Name(body_) << "(";
    for (size_t i = 0; i < mutation_.columns.size(); ++i) {
      const plan::PayloadColumn& column = mutation_.columns[i];
      if (i > 0) out_ << ", ";
      out_.Name(column.name) << " " << BodyTypeOf(column);
    }
    out_ << ")";
  }

  // Each object laid over one of the columns' defaults, evaluated for each row.
  void WriteBodyWithDefaults(bool set) {
    if (set) {
      out_ << "pg_catalog.jsonb_to_recordset((SELECT pg_catalog.jsonb_agg(";
      WriteDefaults();
      out_ << " || \"element\") FROM pg_catalog.jsonb_array_elements(";
      out_.Value(plan::JsonOf(mutation_, payload_)) << "::pg_catalog.jsonb) AS \"element\"))";
    } else {
      out_ << "pg_catalog.jsonb_to_record(";
      WriteDefaults();
      out_ << " || (";
      out_.Value(plan::JsonOf(mutation_, payload_)) << "::pg_catalog.jsonb" << (is_array() ? "->0" : "") << "))";
    }
  }

  // A function takes a hundred arguments at most (documentation, appendix K).
  void WriteDefaults() {
    constexpr size_t kColumnsMax = 50;
    out_ << "pg_catalog.jsonb_build_object(";
    size_t columns = 0;
    for (const plan::PayloadColumn& column : mutation_.columns) {
      if (!column.default_expression) continue;
      if (columns == kColumnsMax) {
        out_ << ") || pg_catalog.jsonb_build_object(";
        columns = 0;
      }
      if (columns++ > 0) out_ << ", ";
      out_.Literal(column.name) << ", ";
      WriteDefault(column);
    }
    out_ << ")";
  }

  // In the form that the client's value of the column has in the payload.
  void WriteDefault(const plan::PayloadColumn& column) {
    if (!column.to_json.empty()) {
      out_ << column.to_json << "((" << *column.default_expression << ")::" << column.sql_type << ")";
    } else if (!column.from_json.empty() && column.json_as_text) {
      out_ << "pg_catalog.to_json(" << *column.default_expression << ")";
    } else if (column.json_as_text) {
      out_ << "(" << *column.default_expression << ")";
    } else {
      out_ << *column.default_expression;
    }
    if (column.json_as_text) out_ << "::pg_catalog.text";
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
  std::string alias_;  // the relation's name, where PostgreSQL has no other use for it
  std::string body_;   // the payload's rows
};

}  // namespace

void WriteMutation(Writer& out, const plan::Plan& plan, const Payload& payload) {
  MutationWriter(out, plan, payload).Write();
}

}  // namespace pando::sql
