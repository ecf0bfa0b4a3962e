// Nothing of a request reaches SQL text but quoted identifiers: requests of every feature are written down twice, with
// harmless and with hostile names and values, and PostgreSQL's own parser (libpg_query) must see the same tree but for
// the names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pg_query.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <memory>
#include <ostream>
#include <set>
#include <string>

#include "catalog/snapshot.h"
#include "plan/test_catalog.h"
#include "rest/request.h"
#include "sql/statement.h"

namespace pando::sql {
namespace {

namespace json = boost::json;
using catalog::QualifiedName;

// Whatever ends a literal, an identifier or a comment, in ASCII and beyond; short, for names end at 63 bytes.
const char* const kHostile[] = {
    "\"; drop table x;--", "'; select 1 /*",  "\\' || \\\" E'\\x27",
    "$$ $1 $tag$ :a ?",    " -- \n */ union", "\xe2\x80\x99\xe2\x80\x9c\xef\xbc\x87\xe6\xbc\xa2",
    ",)(.:&|!<>=%s{}[]",   "\t\x01\x7f;",
};

constexpr json::parse_options kDeepTrees = [] {
  json::parse_options options;
  options.max_depth = 1000;
  return options;
}();

// A value in every request that must never be seen in the text.
constexpr const char* kValue = "zzvalue";

struct Template {
  const char* method;
  const char* target;
  const char* headers = "";
  const char* body = "";
};

void PrintTo(const Template& input, std::ostream* out) { *out << input.method << ' ' << input.target; }

// <K:word> is a word that is made hostile, as it is written there: p in the path, q as a quoted name in the grammar,
// r as it is, v a value, l a value in quotes, j a JSON string.
const Template kTemplates[] = {
    {"GET",
     "/<p:projects>?select=<q:id>,<q:alias>:<q:name>&<q:name>=eq.<v>&order=<q:name>.desc.nullslast&limit=3&offset=1"},
    {"GET", "/<p:projects>?select=<q:settings>-><q:key>->><q:other>,<q:settings>->0&<q:settings>->><q:key>=eq.<v>"},
    {"GET", "/<p:projects>?select=<q:id>::text"},
    {"GET", "/<p:projects>?<q:name>=neq.<v>&<q:name>=gt.<v>&<q:name>=gte.<v>&<q:name>=lt.<v>&<q:name>=lte.<v>"},
    {"GET", "/<p:projects>?<q:name>=like.<v>&<q:name>=ilike.<v>&<q:name>=match.<v>&<q:name>=imatch.<v>"},
    {"GET", "/<p:projects>?<q:name>=like(any).{<l>,<l>}&<q:name>=not.eq(all).{<l>}&<q:name>=isdistinct.<v>"},
    {"GET", "/<p:projects>?<q:name>=in.(<l>,<l>)&<q:name>=not.in.(<l>)&<q:id>=is.null&<q:id>=not.is.not_null"},
    {"GET", "/<p:projects>?<q:name>=fts.<v>&<q:name>=plfts(english).<v>&<q:name>=phfts(german).<v>&<q:name>=wfts.<v>"},
    {"GET", "/<p:projects>?<q:name>=cs.<v>&<q:name>=cd.<v>&<q:name>=ov.<v>&<q:name>=sl.<v>&<q:name>=sr.<v>"},
    {"GET", "/<p:projects>?<q:name>=nxr.<v>&<q:name>=nxl.<v>&<q:name>=adj.<v>"},
    {"GET",
     "/<p:projects>?or=(<q:name>.eq.<l>,and(<q:id>.gt.1,<q:name>.not.like.<l>),not.or(<q:id>.eq.2,<q:name>.in.(<l>)))"},
    {"GET",
     "/<p:projects>?select=<q:name>,<q:a>:<q:clients>!<q:projects_client_id_fkey>(*),<q:tasks>!inner(<q:name>)"
     "&<q:tasks>.<q:name>=eq.<v>&<q:tasks>.order=<q:name>.asc&<q:tasks>.limit=2&<q:tasks>.or=(<q:id>.eq.1,<q:id>.eq."
     "2)"},
    {"GET", "/<p:projects>?select=*,<q:clients>()&<q:clients>=not.is.null&order=<q:clients>(<q:name>).desc"},
    {"GET", "/<p:projects>?select=<q:id>.sum(),<q:x>:<q:clients>(<q:name>)&order=<q:x>(<q:name>-><q:key>)"},
    {"GET", "/<p:users>?select=<q:name>,<q:tasks>(<q:name>,<q:projects>(<q:name>,<q:clients>(<q:id>)))"},
    {"GET", "/<p:tasks>?select=<q:name>,...<q:projects>(<q:p>:<q:name>,...<q:clients>(<q:c>:<q:name>))"},
    {"GET", "/<p:clients>?select=<q:name>,...<q:projects>(<q:ids>:<q:id>,<q:names>:<q:name>)"},
    {"GET", "/<p:tasks>?select=<q:name>,<q:total>:<q:hours>.sum(),<q:hours>.avg()::text,count()"},
    {"GET", "/<p:tasks>?<q:name>=eq.<v>", "Prefer: count=exact"},
    {"GET", "/<p:tasks>?<q:name>=eq.<v>&limit=1", "Prefer: count=planned"},
    {"GET", "/<p:tasks>?<q:name>=eq.<v>", "Accept: text/csv"},
    {"GET", "/<p:tasks>?select=<q:a>:<q:name>&<q:name>=eq.<v>",
     "Accept: application/vnd.pgrst.object+json;nulls=stripped"},
    {"HEAD", "/<p:tasks>?<q:name>=eq.<v>"},
    {"POST", "/<p:projects>", "", R"({<j:name>:<j:zzvalue>,<j:settings>:{<j:a>:<j:zzvalue>}})"},
    {"POST", "/<p:projects>?select=<q:id>,<q:clients>(<q:name>)", "Prefer: return=representation",
     R"([{<j:name>:<j:zzvalue>},{<j:name>:null}])"},
    {"POST", "/<p:projects>?columns=<q:name>,<q:created>", "Prefer: missing=default, return=representation",
     R"([{<j:name>:<j:zzvalue>,<j:id>:3}])"},
    {"POST", "/<p:projects>?columns=<q:name>,<q:created>", "Prefer: missing=default",
     R"([{<j:name>:<j:zzvalue>},{<j:created>:<j:zzvalue>}])"},
    {"PATCH", "/<p:projects>?columns=<q:name>,<q:created>&<q:id>=eq.<v>", "Prefer: missing=default",
     R"({<j:name>:<j:zzvalue>})"},
    {"POST", "/<p:projects>?on_conflict=<q:id>", "Prefer: resolution=merge-duplicates",
     R"([{<j:id>:1,<j:name>:<j:zzvalue>}])"},
    {"POST", "/<p:projects>", "Prefer: resolution=ignore-duplicates, return=headers-only", R"({<j:id>:1})"},
    {"PATCH", "/<p:projects>?<q:name>=eq.<v>", "Prefer: return=representation", R"({<j:name>:<j:zzvalue>})"},
    {"PUT", "/<p:projects>?<q:id>=eq.<v>", "", R"({<j:id>:<j:zzvalue>,<j:name>:<j:zzvalue>})"},
    {"DELETE", "/<p:projects>?<q:name>=eq.<v>&or=(<q:id>.eq.1,<q:id>.eq.2)&select=<q:id>",
     "Prefer: return=representation"},
    {"GET", "/rpc/<p:add_them>?<q:a>=<v>&<q:b>=<v>"},
    {"POST", "/rpc/<p:add_them>", "", R"({<j:a>:<j:zzvalue>,<j:b>:2})"},
    {"GET",
     "/rpc/"
     "<p:search_projects>?<q:term>=<v>&select=<q:name>,<q:clients>(<q:name>)&<q:name>=eq.<v>&order=<q:id>&limit=2"},
    {"POST", "/rpc/<p:search_projects>?select=<q:a>:<q:name>", "Prefer: count=exact", R"({<j:term>:<j:zzvalue>})"},
};

// ------------------------------------------------------------------------------------------------ hostile on demand

std::string PercentEncoded(const std::string& text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (char c : text)
    encoded += {'%', kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]};
  return encoded;
}

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string Marked(char kind, const std::string& word) {
  switch (kind) {
    case 'p':
    case 'r':
    case 'v':
      return PercentEncoded(word);
    case 'q':
    case 'l':
      return PercentEncoded(Quoted(word));
    default:
      return json::serialize(json::value(word));
  }
}

std::string Fill(const std::string& text, const std::string& suffix) {
  std::string filled;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '<') {
      filled += text[i];
      continue;
    }
    const size_t end = text.find('>', i);
    const std::string word = text[i + 2] == ':' ? text.substr(i + 3, end - i - 3) : kValue;
    filled += Marked(text[i + 1], word + suffix);
    i = end;
  }
  return filled;
}

class Renaming {
 public:
  explicit Renaming(std::string suffix) : suffix_(std::move(suffix)) {}

  std::shared_ptr<const catalog::Catalog> Apply(catalog::Snapshot snapshot) const {
    for (catalog::Relation& relation : snapshot.relations) {
      Rename(relation.name);
      for (catalog::Column& column : relation.columns) Rename(column.name);
      for (std::string& column : relation.primary_key) Rename(column);
    }
    for (catalog::ForeignKey& key : snapshot.foreign_keys) {
      Rename(key.constraint);
      Rename(key.table);
      Rename(key.foreign_table);
      for (std::string& column : key.columns) Rename(column);
      for (std::string& column : key.foreign_columns) Rename(column);
    }
    for (catalog::Function& function : snapshot.functions) {
      Rename(function.name);
      for (catalog::Argument& argument : function.arguments) Rename(argument.name);
      if (function.result_relation) Rename(*function.result_relation);
    }
    return catalog::Catalog::Build(std::move(snapshot));
  }
  std::string schema() const { return "public" + suffix_; }

 private:
  void Rename(std::string& name) const { name += suffix_; }
  void Rename(QualifiedName& name) const {
    Rename(name.schema);
    Rename(name.name);
  }

  std::string suffix_;
};

// The statements of a request on a catalog whose every name ends in `suffix`.
Result<std::vector<Query>> TryStatements(const Template& input, const std::string& suffix) {
  const Renaming renaming(suffix);
  const std::string target = Fill(input.target, suffix);
  const size_t question = std::min(target.find('?'), target.size());
  const std::string path = target.substr(0, question);
  const std::string query = question < target.size() ? target.substr(question + 1) : "";
  const std::string body = Fill(input.body, suffix);
  const std::string_view header = input.headers;
  const size_t colon = std::min(header.find(": "), header.size());
  rest::RawRequest raw;
  raw.method = input.method;
  raw.path = path;
  raw.query = query;
  raw.body = body;
  raw.headers = [&](std::string_view name) {
    const std::string_view written = header.substr(0, colon);
    const bool same = std::equal(written.begin(), written.end(), name.begin(), name.end(),
                                 [](char a, char b) { return std::tolower(a) == std::tolower(b); });
    return same ? std::vector<std::string_view>{header.substr(colon + 2)} : std::vector<std::string_view>{};
  };
  rest::ParseOptions parse;
  parse.prefix = "/";
  parse.schemas = {renaming.schema()};
  PANDO_TRY(const rest::Request request, rest::ParseRequest(raw, parse));
  plan::PlanOptions options;
  options.aggregates_enabled = true;
  const std::shared_ptr<const catalog::Catalog> catalog = renaming.Apply(plan::TestCatalog()->snapshot());
  PANDO_TRY(const plan::Plan plan, plan::MakePlan(request, catalog, options, "anon"));
  Statement statement = WriteStatement(plan, request.payload, WriteOptions{true, !request.head});
  std::vector<Query> queries{std::move(statement.query)};
  if (statement.estimate) queries.push_back(std::move(*statement.estimate));
  return queries;
}

std::vector<Query> Statements(const Template& input, const std::string& suffix) {
  Result<std::vector<Query>> written = TryStatements(input, suffix);
  if (written) return std::move(*written);
  ADD_FAILURE() << Fill(input.target, suffix) << "\n" << written.error().ToString();
  return {};
}

// ------------------------------------------------------------------------------------------------------------- trees

// Without the suffix in any text, and without places in the statement.
void Normalise(json::value& value, const std::string& suffix) {
  if (value.is_array()) {
    for (json::value& element : value.get_array()) Normalise(element, suffix);
  } else if (value.is_object()) {
    json::object& object = value.get_object();
    for (const char* place : {"location", "stmt_len", "stmt_location", "list_start", "list_end"}) object.erase(place);
    for (auto& member : object) Normalise(member.value(), suffix);
  } else if (value.is_string() && !suffix.empty()) {
    std::string text(value.get_string());
    for (size_t at = text.find(suffix); at != std::string::npos; at = text.find(suffix, at))
      text.erase(at, suffix.size());
    value = text;
  }
}

std::string TreeOf(const std::string& sql, const std::string& suffix) {
  const PgQueryParseResult parsed = pg_query_parse(sql.c_str());
  std::string tree;
  if (parsed.error) {
    ADD_FAILURE() << parsed.error->message << "\n" << sql;
  } else {
    json::value value = json::parse(parsed.parse_tree, {}, kDeepTrees);
    EXPECT_EQ(value.at("stmts").as_array().size(), 1u) << sql;
    Normalise(value, suffix);
    tree = json::serialize(value);
  }
  pg_query_free_parse_result(parsed);
  return tree;
}

// The functions that are called by a name without a schema.
void CollectBareCalls(const json::value& value, std::set<std::string>& names) {
  if (value.is_array()) {
    for (const json::value& element : value.get_array()) CollectBareCalls(element, names);
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.get_object()) {
    CollectBareCalls(member, names);
    if (key != "FuncCall") continue;
    const json::array& name = member.at("funcname").as_array();
    if (name.size() == 1) names.insert(json::value_to<std::string>(name[0].at("String").at("sval")));
  }
}

std::set<std::string> BareCalls(const std::string& sql) {
  std::set<std::string> names;
  CollectBareCalls(json::parse(TreeOf(sql, ""), {}, kDeepTrees), names);
  return names;
}

class Injection : public testing::TestWithParam<Template> {};

// A cast's type is no quoted name in the grammar: what is none is refused there, or quoted, and then refused by the
// database.
TEST(InjectionOfTypes, AreRefusedOrQuoted) {
  const Template cast{"GET", "/<p:projects>?select=<q:id>::<r:thing>"};
  const std::string harmless = TreeOf(Statements(cast, "").at(0).sql, "");
  for (const char* suffix : kHostile) {
    const Result<std::vector<Query>> written = TryStatements(cast, suffix);
    if (written) {
      EXPECT_EQ(TreeOf(written->at(0).sql, suffix), harmless);
    } else {
      EXPECT_EQ(written.error().code(), "PGRST100");
    }
  }
}

TEST_P(Injection, HostileWordsChangeNothingButNames) {
  const std::vector<Query> harmless = Statements(GetParam(), "");
  for (const char* suffix : kHostile) {
    const std::vector<Query> hostile = Statements(GetParam(), suffix);
    ASSERT_EQ(hostile.size(), harmless.size());
    for (size_t i = 0; i < hostile.size(); ++i) {
      EXPECT_EQ(TreeOf(hostile[i].sql, suffix), TreeOf(harmless[i].sql, "")) << hostile[i].sql;
      EXPECT_THAT(hostile[i].sql, testing::Not(testing::HasSubstr(kValue)));
      EXPECT_EQ(hostile[i].parameters.size(), harmless[i].parameters.size());
    }
  }
}

// A function of a user's may take a row, a record or a domain better than the built-in function of its name.
TEST_P(Injection, FunctionsAreCalledByTheirSchema) {
  const std::set<std::string> users = {"sum", "avg", "min", "max", "now"};  // aggregates of any type, and a default
  for (const Query& query : Statements(GetParam(), "")) {
    for (const std::string& name : BareCalls(query.sql)) EXPECT_TRUE(users.contains(name)) << name << "\n" << query.sql;
  }
}

INSTANTIATE_TEST_SUITE_P(Requests, Injection, testing::ValuesIn(kTemplates));

}  // namespace
}  // namespace pando::sql
