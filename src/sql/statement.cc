#include "sql/statement.h"

#include "plan/cheap.h"
#include "sql/csv.h"
#include "sql/flat.h"
#include "sql/sources.h"
#include "sql/tree_writer.h"
#include "sql/writer.h"

namespace pando::sql {
namespace {

using plan::Count;
using Format = plan::Media::Format;

class StatementWriter {
 public:
  StatementWriter(const plan::Plan& plan, const rest::Payload& payload, const WriteOptions& options)
      : plan_(plan), payload_(payload), options_(options) {}

  Statement Write() {
    if (options_.flat && options_.body && !options_.response_settings && IsFlat(plan_)) {
      statement_.shape.flat = true;
      TreeWriter(out_).WriteRows(plan_.read);
      if (!plan_.read.limit && !plan::IsPointRead(plan_)) out_ << " LIMIT " << std::to_string(kFlatRowsMax + 1);
    } else {
      WriteWrapped();
    }
    statement_.query = out_.Take();
    WriteEstimate();
    return std::move(statement_);
  }

 private:
  // The answer made by the database, in one row.
  void WriteWrapped() {
    if (plan_.media.explain) WriteExplain();
    WriteSource();
    out_ << "SELECT ";
    WriteColumns();
    out_ << " FROM ";
    WriteRows();
  }

  bool is_scalar() const { return plan_.call && !plan_.call->table_like; }
  bool is_set() const { return !plan_.call || plan_.call->function->returns_set; }
  bool is_csv() const { return plan_.media.format == Format::kCsv && plan_.representation && options_.body; }

  void WriteExplain() {
    const rest::MediaType& o = plan_.media.explain_options;
    out_ << "EXPLAIN (FORMAT " << (o.plan_json ? "JSON" : "TEXT") << (o.plan_analyze ? ", ANALYZE" : "")
         << (o.plan_verbose ? ", VERBOSE" : "") << (o.plan_settings ? ", SETTINGS" : "")
         << (o.plan_buffers ? ", BUFFERS" : "") << (o.plan_wal ? ", WAL" : "") << ") ";
    statement_.shape.explain = true;
  }

  void WriteSource() {
    if (!plan_.mutation && !plan_.call) return;
    out_ << "WITH ";
    out_.Name(plan::Node::kSourceName) << " AS (";
    if (plan_.mutation) {
      WriteMutation(out_, plan_, payload_);
    } else {
      WriteCall(out_, *plan_.call, payload_, plan_.read);
    }
    out_ << ") ";
  }

  // The rows of the answer, named kRows. A column may have that name, and kRows alone would be the column: so it stands
  // nowhere without ".*" or a column behind it.
  void WriteRows() {
    if (HasTree()) {
      using Stars = TreeWriter::Stars;
      out_ << "(";
      TreeWriter(out_).WriteRows(plan_.read, is_csv() ? Stars::kListed : Stars::kAsTheyAre);
      // A column is looked at twice, and so would be what computes it.
      if (is_csv() && !HasWindow()) out_ << " OFFSET 0";
      out_ << ")";
    } else {
      out_.Name(plan::Node::kSourceName);
    }
    out_ << " AS ";
    out_.Name(kRows);
    if (is_csv()) out_.Positions(CsvKeys().size());
  }

  // Of a single value, or of void, the source is the answer, unless something chooses from it.
  bool HasTree() const {
    if (!is_scalar()) return plan_.representation;
    if (plan_.call->function->returns_void) return false;
    return is_set() || HasWindow() || !plan_.read.where.empty() || !plan_.read.order.empty();
  }

  int NextColumn() {
    if (columns_ > 0) out_ << ", ";
    return columns_++;
  }

  void WriteColumns() {
    ResultShape& shape = statement_.shape;
    shape.page = NextColumn();
    out_ << "pg_catalog.count(*)";
    shape.body = NextColumn();
    if (plan_.representation && options_.body) {
      WriteBody();
    } else {
      out_ << "''";
    }
    WriteTotal();
    if (plan_.counts_source) WriteSourceRows();
    if (plan_.mutation) WriteMutationColumns();
    if (!options_.response_settings) return;
    shape.headers = NextColumn();
    out_ << "nullif(pg_catalog.current_setting('response.headers', true), '')";
    shape.status = NextColumn();
    out_ << "nullif(pg_catalog.current_setting('response.status', true), '')";
    NextColumn();
    out_ << kRestoreEncoding;
  }

  void WriteBody() {
    const plan::Media& media = plan_.media;
    switch (media.format) {
      case Format::kJson:
        WriteJson(is_set());
        break;
      case Format::kObject:
        WriteJson(false);
        break;
      case Format::kCsv:
        WriteCsv(out_, CsvKeys());
        break;
      case Format::kGeoJson:
        out_ << "pg_catalog.json_build_object('type', 'FeatureCollection', 'features', coalesce(pg_catalog.json_agg(";
        out_.Column(plan_.catalog->postgis_schema(), "st_asgeojson") << "(";
        out_.Name(kRows) << ".*)::pg_catalog.json), '[]'))";
        break;
      case Format::kHandler:
        out_.Name(media.handler->function) << "(";
        out_.Name(kRows) << ".*";
        if (media.handler->relation) {
          out_ << "::";
          out_.Name(*media.handler->relation);
        }
        out_ << ")";
        break;
      case Format::kScalarHandler:
        out_ << "(pg_catalog.array_agg(";
        out_.Column(kRows, ValueColumn(*plan_.call)) << "))[1]";
        break;
      case Format::kNone:
        out_ << "''";
        break;
    }
  }

  void WriteJson(bool as_array) {
    const bool strip = plan_.media.nulls_stripped;
    out_ << "coalesce(" << (strip ? "pg_catalog.json_strip_nulls(" : "") << "pg_catalog.json_agg(";
    if (is_scalar()) {
      out_.Column(kRows, ValueColumn(*plan_.call));
    } else {
      out_.Name(kRows) << ".*";
    }
    out_ << ")" << (as_array ? "" : "->0") << (strip ? ")" : "") << ", '" << (as_array ? "[]" : "null") << "')";
  }

  // The names in the header line of CSV; none of void.
  std::vector<std::string> CsvKeys() const {
    if (HasTree()) return TreeWriter::KeysOf(plan_.read);
    if (plan_.call && !plan_.call->function->returns_void) return {ValueColumn(*plan_.call)};
    return {};
  }

  // With neither window nor cap, the page is the whole.
  bool HasWindow() const { return plan_.read.limit || plan_.read.offset > 0; }
  bool CountsApart() const {
    return HasTree() && !plan_.mutation && plan_.count != Count::kNone && HasWindow() &&
           (plan_.count != Count::kPlanned || plan_.call);
  }

  void WriteTotal() {
    if (plan_.count == Count::kNone) return;
    if (plan_.count == Count::kPlanned && !plan_.call && !plan_.mutation) return;
    statement_.shape.total = NextColumn();
    if (!CountsApart()) {
      out_ << "pg_catalog.count(*)";
      return;
    }
    out_ << "(SELECT pg_catalog.count(*) FROM (";
    TreeWriter(out_).WriteRowsForCount(plan_.read);
    if (plan_.count == Count::kEstimated && plan_.estimate_from && !plan_.call) {
      // One row past the cap tells that the estimate is to be used.
      out_ << " LIMIT ";
      out_.Number(int64_t{*plan_.estimate_from} + 1);
    }
    out_ << ") AS \"pando_total\")";
  }

  void WriteSourceRows() {
    statement_.shape.affected = NextColumn();
    out_ << "(SELECT pg_catalog.count(*) FROM ";
    out_.Name(plan::Node::kSourceName);
    out_ << ")";
  }

  void WriteMutationColumns() {
    const plan::Mutation& mutation = *plan_.mutation;
    if (!mutation.location.empty()) {
      statement_.shape.location = NextColumn();
      out_ << "(SELECT pg_catalog.json_agg(\"pair\".\"value\") FROM (SELECT ";
      for (size_t i = 0; i < mutation.location.size(); ++i) {
        if (i > 0) out_ << ", ";
        out_.Name(mutation.location[i]);
      }
      out_ << " FROM ";
      out_.Name(plan::Node::kSourceName) << " LIMIT 1) AS \"key\", "
                                            "pg_catalog.json_each_text(pg_catalog.row_to_json(\"key\".*)) AS \"pair\")";
    }
    if (!mutation.merge || mutation.conflict.empty()) return;
    statement_.shape.inserted = NextColumn();
    // Of PUT, NULL says that the row was not even tried.
    const bool is_put = mutation.kind == plan::Mutation::Kind::kPut;
    out_ << (is_put ? "nullif(pg_catalog.current_setting(" : "coalesce(nullif(pg_catalog.current_setting(");
    out_.Literal(kInsertedSetting) << (is_put ? ", true), '')" : ", true), ''), '0')");
  }

  void WriteEstimate() {
    const bool wanted = plan_.count == Count::kPlanned || plan_.count == Count::kEstimated;
    if (!wanted || plan_.call || plan_.mutation || plan_.media.explain) return;
    Writer out;
    out << "EXPLAIN (FORMAT JSON) ";
    TreeWriter(out).WriteRowsForCount(plan_.read);
    statement_.estimate = out.Take();
  }

  const plan::Plan& plan_;
  const rest::Payload& payload_;
  const WriteOptions& options_;
  Writer out_;
  Statement statement_;
  int columns_ = 0;
};

}  // namespace

Statement WriteStatement(const plan::Plan& plan, const rest::Payload& payload, const WriteOptions& options) {
  return StatementWriter(plan, payload, options).Write();
}

}  // namespace pando::sql
