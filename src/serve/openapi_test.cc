#include "serve/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <set>

#include "catalog/snapshot.h"
#include "plan/test_catalog.h"
#include "serve/openapi_default.h"
#include "serve/root.h"

namespace pando::serve {
namespace {

namespace json = boost::json;

catalog::Relation OddTable(catalog::Oid oid, const std::string& name, const std::vector<std::string>& columns) {
  catalog::Relation relation = plan::TestTable(oid, name, {}, {});
  for (const std::string& column : columns) relation.columns.push_back(plan::TestColumn(column, 25, "text"));
  return relation;
}

// The catalog of the planner's tests, with relations whose names are hard to refer to.
std::shared_ptr<const catalog::Catalog> CatalogWithOddNames() {
  catalog::Snapshot snapshot = plan::TestCatalog()->snapshot();
  snapshot.relations.push_back(plan::TestTable(9, "a/b~c d%é", {plan::TestColumn("x.y z", 25, "text")}, {"x.y z"}));
  snapshot.relations.push_back(OddTable(10, "a{b}?#[|]^`\\\"<>", {"select", "order", "or", "\"select\"", "x#[{|}]"}));
  snapshot.relations.push_back(OddTable(11, "a.b", {"c"}));
  snapshot.relations.push_back(OddTable(12, "a", {"b.c", "b!.c"}));
  snapshot.relations.push_back(OddTable(13, "a b", {"c"}));
  snapshot.relations.push_back(OddTable(14, "a_20b", {"c"}));
  snapshot.relations.push_back(OddTable(15, "clients.insert", {"c"}));
  snapshot.schema_comments["public"] = "Work\nWho does what";
  snapshot.functions[0].comment = "Adds\n\nTwo numbers";
  return catalog::Catalog::Build(std::move(snapshot));
}

json::value Document(OpenApiVersion version, const RestOptions& options = {},
                     std::optional<std::unordered_set<catalog::Oid>> accessible = {}) {
  const auto catalog = CatalogWithOddNames();
  const std::string schema = "public";
  return json::parse(WriteOpenApi({*catalog, schema, options, std::move(accessible)}, version));
}

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      decoded += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// How many references there are; each must lead somewhere.
int CheckReferences(const json::value& document, const json::value& value) {
  int references = 0;
  if (value.is_array()) {
    for (const json::value& element : value.get_array()) references += CheckReferences(document, element);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      if (member.key() != "$ref") {
        references += CheckReferences(document, member.value());
        continue;
      }
      ++references;
      const std::string pointer = PercentDecoded(std::string_view(member.value().get_string()).substr(1));
      json::error_code failure;
      EXPECT_NE(document.find_pointer(pointer, failure), nullptr) << pointer;
    }
  }
  return references;
}

std::string At(const json::value& document, std::string_view pointer) {
  json::error_code failure;
  const json::value* found = document.find_pointer(pointer, failure);
  return found ? json::serialize(*found) : "nothing";
}

TEST(OpenApi, ReferencesOfBothVersionsLeadSomewhereWhateverTheNames) {
  for (OpenApiVersion version : {OpenApiVersion::k2_0, OpenApiVersion::k3_1}) {
    const json::value document = Document(version);
    EXPECT_GT(CheckReferences(document, document), 50);
  }
}

TEST(OpenApi, ShowsWhatARelationOffers) {
  const json::value document = Document(OpenApiVersion::k2_0);
  EXPECT_EQ(At(document, "/info/title"), R"("Work")");
  EXPECT_EQ(At(document, "/info/description"), R"("Who does what")");
  EXPECT_EQ(At(document, "/basePath"), R"("/rest/v1")");
  EXPECT_EQ(At(document, "/definitions/tasks/properties/project_id/description"),
            R"("Note:\nThis is a Foreign Key to `projects.id`.<fk table='projects' column='id'/>")");
  EXPECT_EQ(At(document, "/definitions/projects/properties/settings"), R"({"format":"jsonb"})");
  EXPECT_EQ(At(document, "/definitions/projects/properties/created/default"), R"+("now()")+");
  EXPECT_EQ(At(document, "/paths/~1clients/post/responses"), R"({"201":{"description":"Created"}})");
}

TEST(OpenApi, ShowsWhichArgumentsAFunctionNeeds) {
  const json::value document = Document(OpenApiVersion::k2_0);
  EXPECT_EQ(At(document, "/paths/~1rpc~1add_them/post/parameters/0/schema/required"), R"(["a"])");
  EXPECT_EQ(At(document, "/paths/~1rpc~1add_them/get/parameters/1"),
            R"({"name":"b","in":"query","required":false,"format":"int32","type":"integer"})");
  EXPECT_EQ(At(document, "/paths/~1rpc~1add_them/post/description"), R"("Two numbers")");
}

TEST(OpenApi, ShowsTheLongestOverloadInWhateverOrder) {
  for (const bool longest_first : {false, true}) {
    catalog::Snapshot snapshot = plan::TestCatalog()->snapshot();
    catalog::Function shorter = snapshot.functions[0];  // of a and b
    shorter.arguments.resize(1);
    snapshot.functions.insert(snapshot.functions.begin() + (longest_first ? 1 : 0), shorter);
    const auto catalog = catalog::Catalog::Build(std::move(snapshot));
    const RestOptions options;
    const std::string schema = "public";
    const json::value document = json::parse(WriteOpenApi({*catalog, schema, options, {}}, OpenApiVersion::k2_0));
    EXPECT_EQ(At(document, "/paths/~1rpc~1add_them/get/parameters/1/name"), R"("b")");
  }
}

TEST(OpenApi, Version3ShowsTheArgumentsOfAllOverloads) {
  constexpr catalog::Oid kText = 25, kInt = 23, kInts = 1007;
  catalog::Snapshot snapshot = plan::TestCatalog()->snapshot();
  catalog::Function other = snapshot.functions[0];  // of the integers a and b, which has a default
  other.arguments = {{"a", kText, "text", true, false}, {"c", kInt, "integer", true, false}};
  catalog::Function third = other;
  third.arguments = {{"a", kInts, "integer[]", true, false}};
  snapshot.functions.insert(snapshot.functions.end(), {other, third});
  const auto catalog = catalog::Catalog::Build(std::move(snapshot));
  const RestOptions options;
  const std::string schema = "public";
  const json::value document = json::parse(WriteOpenApi({*catalog, schema, options, {}}, OpenApiVersion::k3_1));
  std::map<std::string, std::string> found;
  for (const json::value& parameter : document.at_pointer("/paths/~1rpc~1add_them/get/parameters").get_array()) {
    const json::value* name = parameter.get_object().if_contains("name");
    if (!name) continue;
    found[std::string(name->get_string())] =
        json::serialize(parameter.at("required")) + " " + json::serialize(parameter.at("schema"));
  }
  const std::string integer = R"({"type":"integer","format":"int32"})";
  EXPECT_EQ(found["a"], "true {\"anyOf\":[" + integer + R"(,{"type":"string","format":"text"},{"type":"string"}]})");
  EXPECT_EQ(found["b"], "false " + integer);
  EXPECT_EQ(found["c"], "false " + integer);
}

TEST(OpenApi, LeavesOutWhatTheRoleMayNotUse) {
  const json::value document = Document(OpenApiVersion::k2_0, {}, std::unordered_set<catalog::Oid>{3});
  EXPECT_NE(At(document, "/paths/~1tasks"), "nothing");
  EXPECT_EQ(At(document, "/paths/~1clients"), "nothing");
  EXPECT_EQ(At(document, "/definitions/clients"), "nothing");
  EXPECT_EQ(At(document, "/paths/~1rpc~1add_them"), "nothing");
}

TEST(OpenApi, SpeaksOfThePublicAddressAndOfTokensWhenToldTo) {
  RestOptions options;
  options.openapi_server_proxy_uri = "https://api.example.com/v1";
  options.openapi_security_active = true;
  const json::value document = Document(OpenApiVersion::k2_0, options);
  EXPECT_EQ(At(document, "/host"), R"("api.example.com:443")");
  EXPECT_EQ(At(document, "/basePath"), R"("/v1")");
  EXPECT_EQ(At(document, "/schemes"), R"(["https"])");
  EXPECT_EQ(At(document, "/security"), R"([{"JWT":[]}])");
  const json::value version_3 = Document(OpenApiVersion::k3_1, options);
  EXPECT_EQ(At(version_3, "/servers/0/url"), R"("https://api.example.com:443/v1")");
  EXPECT_EQ(At(version_3, "/components/securitySchemes/JWT/scheme"), R"("bearer")");
}

// What an operation's parameters are, references followed.
std::vector<json::object> Parameters(const json::value& document, const json::value& operation) {
  std::vector<json::object> found;
  for (const json::value& parameter : operation.at("parameters").get_array()) {
    const auto* reference = parameter.get_object().if_contains("$ref");
    if (!reference) {
      found.push_back(parameter.get_object());
      continue;
    }
    const std::string pointer = PercentDecoded(std::string_view(reference->get_string()).substr(1));
    json::error_code failure;
    found.push_back(document.find_pointer(pointer, failure)->get_object());
  }
  return found;
}

TEST(OpenApi, NoOperationHasTwoParametersOfOneName) {
  for (OpenApiVersion version : {OpenApiVersion::k2_0, OpenApiVersion::k3_1}) {
    const json::value document = Document(version);
    for (const auto& path : document.at("paths").get_object()) {
      for (const auto& method : path.value().get_object()) {
        if (!method.value().get_object().contains("parameters")) continue;
        std::set<std::string> names;
        for (const json::object& parameter : Parameters(document, method.value())) {
          const std::string name = json::serialize(parameter.at("in")) + json::serialize(parameter.at("name"));
          EXPECT_TRUE(names.insert(name).second) << path.key() << ' ' << method.key() << ' ' << name;
        }
      }
    }
  }
}

TEST(OpenApi, ReferencesHoldWhatAFragmentMayHold) {
  const auto check = [](const auto& self, const json::value& value) -> void {
    if (value.is_array()) {
      for (const json::value& element : value.get_array()) self(self, element);
    } else if (value.is_object()) {
      for (const auto& member : value.get_object()) {
        if (member.key() != "$ref") {
          self(self, member.value());
          continue;
        }
        const std::string fragment(member.value().get_string().subview(1));
        EXPECT_THAT(fragment, testing::MatchesRegex("([A-Za-z0-9~!$&'()*+,;=:@/?._-]|%[0-9A-F][0-9A-F])*"));
      }
    }
  };
  for (OpenApiVersion version : {OpenApiVersion::k2_0, OpenApiVersion::k3_1}) check(check, Document(version));
}

TEST(OpenApi, PathsAndFiltersAreWhatTheServerReads) {
  const json::value document = Document(OpenApiVersion::k2_0);
  EXPECT_NE(At(document, "/paths/~1a%2Fb~0c%20d%25é"), "nothing");
  EXPECT_NE(At(document, "/paths/~1a%7Bb%7D%3F%23%5B%7C%5D%5E%60%5C%22%3C%3E"), "nothing");
  EXPECT_EQ(At(document, "/parameters/rowFilter.a.b!.c/name"), R"("\"b.c\"")");
  EXPECT_EQ(At(document, "/parameters/rowFilter.a!.b.c/name"), R"("c")");
  EXPECT_EQ(At(document, "/parameters/rowFilter.clients.name/name"), R"("name")");
}

// The text of the constant, or "no constant".
std::string Constant(std::string_view expression) { return ConstantText(expression).value_or("no constant"); }

TEST(OpenApi, DefaultsThatAreConstantsAreUnquoted) {
  EXPECT_EQ(Constant("'it''s'::text"), "it's");
  EXPECT_EQ(Constant("'a'::character varying"), "a");
  EXPECT_EQ(Constant("'a'::\"char\""), "a");
  EXPECT_EQ(Constant("('a'::text)::\"My Schema\".\"do\"\"main\""), "a");
  EXPECT_EQ(Constant("'12:00:00'::time without time zone"), "12:00:00");
  EXPECT_EQ(Constant("'2020-01-01 00:00:00'::timestamp(3) without time zone"), "2020-01-01 00:00:00");
  EXPECT_EQ(Constant("B'101'::\"bit\""), "101");
  EXPECT_EQ(Constant("'-1'::integer"), "-1");
  EXPECT_EQ(Constant("(0)::numeric(10,2)"), "0");
  EXPECT_EQ(Constant("42.2"), "42.2");
  EXPECT_EQ(Constant("false"), "false");
  EXPECT_EQ(Constant("'{}'::integer[]"), "{}");
  EXPECT_EQ(Constant("'a'::text COLLATE \"C\""), "a");
}

TEST(OpenApi, ExpressionsAreNoConstants) {
  for (const char* expression :
       {"now()", "NULL::text", "('a'::text || 'b'::text)", "'a'::text || 'b'::text", "CURRENT_DATE", "(1 + 2)", "'a",
        "'2020-01-01'::date + 1", "('now'::text)::date - 1", "nextval('s'::regclass)", "'a'::text IS NULL", "", "("}) {
    EXPECT_EQ(Constant(expression), "no constant") << expression;
  }
}

catalog::Type Enum(std::vector<std::string> labels) {
  catalog::Type type = plan::TestType(20000 + static_cast<catalog::Oid>(labels.size()), "mood", "mood");
  type.kind = catalog::Type::Kind::kEnum;
  type.labels = std::move(labels);
  return type;
}

// A table with a column of each kind that a typed client has to know, and a function that takes one of each.
std::shared_ptr<const catalog::Catalog> CatalogOfColumns() {
  constexpr catalog::Oid kInt = 23, kText = 25, kTexts = 1009, kJsonb = 3802, kTime = 1184;
  catalog::Snapshot snapshot;
  catalog::Type texts = plan::TestType(kTexts, "_text", "text[]");
  texts.kind = catalog::Type::Kind::kArray;
  texts.element = kText;
  snapshot.types = {plan::TestType(kInt, "int4", "integer"),
                    plan::TestType(kText, "text", "text"),
                    plan::TestType(kJsonb, "jsonb", "jsonb"),
                    plan::TestType(kTime, "timestamptz", "timestamp with time zone"),
                    texts,
                    Enum({"ok", "sad"}),
                    Enum({})};
  const auto required = [](std::string name, catalog::Oid type) {
    catalog::Column column = plan::TestColumn(std::move(name), type, "");
    column.nullable = false;
    return column;
  };
  const auto filled = [&](std::string name, catalog::Oid type, std::optional<std::string> expression) {
    catalog::Column column = required(std::move(name), type);
    column.has_default = true;
    column.default_expression = std::move(expression);
    return column;
  };
  catalog::Column always = filled("always", kInt, std::nullopt),
                  by_default = filled("by_default", kInt, "nextval('s')");
  always.is_identity = by_default.is_identity = true;
  catalog::Column generated = required("generated", kText);
  generated.is_generated = true;
  snapshot.relations.push_back(
      plan::TestTable(1, "orders",
                      {always, by_default, generated, required("title", kText), plan::TestColumn("note", kText, ""),
                       filled("state", 20002, "'ok'::mood"), plan::TestColumn("mood", 20002, ""),
                       filled("tags", kTexts, "'{}'::text[]"), filled("data", kJsonb, "'{\"a\": 1}'::jsonb"),
                       filled("made", kTime, "now()"), plan::TestColumn("empty", 20000, "")},
                      {"always"}));
  catalog::Function call;
  call.name = {"public", "place"};
  call.arguments = {{"title", kText, "text", true, false},
                    {"note", kText, "text", false, false},
                    {"tags", kTexts, "text[]", false, true}};
  call.volatility = catalog::Function::Volatility::kStable;
  call.returns_row = true;
  call.result_relation = catalog::QualifiedName{"public", "orders"};
  catalog::Function clear;
  clear.name = {"public", "clear"};
  clear.returns_void = true;
  catalog::Function count;
  count.name = {"public", "count_them"};
  count.result_type = kInt;
  count.returns_set = true;
  snapshot.functions = {call, clear, count};
  return catalog::Catalog::Build(std::move(snapshot));
}

json::value DocumentOfColumns(OpenApiVersion version) {
  const auto catalog = CatalogOfColumns();
  const std::string schema = "public";
  const RestOptions options;
  return json::parse(WriteOpenApi({*catalog, schema, options, {}}, version));
}

TEST(OpenApi, Version2ShowsConstantsAndNoFormatOfAnArrayForAVariadicParameter) {
  const json::value document = DocumentOfColumns(OpenApiVersion::k2_0);
  const std::string orders = "/definitions/orders/properties";
  EXPECT_EQ(At(document, orders + "/state"), R"({"format":"mood","type":"string","enum":["ok","sad"],"default":"ok"})");
  EXPECT_EQ(At(document, orders + "/tags/default"), "[]");
  EXPECT_EQ(At(document, orders + "/data/default"), R"({"a":1})");
  EXPECT_EQ(At(document, orders + "/made/default"), R"+("now()")+");
  EXPECT_EQ(At(document, orders + "/empty"), R"({"format":"mood","type":"string"})");
  EXPECT_EQ(At(document, "/paths/~1rpc~1place/get/parameters/2"),
            R"({"name":"tags","in":"query","required":false,"type":"array","items":{"type":"string"},)"
            R"("collectionFormat":"multi"})");
}

TEST(OpenApi, Version3TellsWhatIsReadInsertedAndUpdated) {
  const json::value document = DocumentOfColumns(OpenApiVersion::k3_1);
  const std::string orders = "/components/schemas/orders";
  EXPECT_EQ(At(document, orders + ".insert/required"), R"(["title"])");
  EXPECT_EQ(At(document, orders + ".update/required"), "nothing");
  for (const char* column : {"always", "generated"}) {
    EXPECT_EQ(At(document, orders + "/properties/" + column + "/readOnly"), "true");
    EXPECT_EQ(At(document, orders + ".insert/properties/" + column + "/readOnly"), "true");
    EXPECT_EQ(At(document, orders + ".update/properties/" + column + "/readOnly"), "true");
  }
  EXPECT_EQ(At(document, orders + ".insert/properties/by_default/type"), R"("integer")");
  EXPECT_EQ(At(document, orders + ".insert/properties/state/default"), "nothing");
  EXPECT_EQ(At(document, orders + "/properties/note"), R"({"type":["string","null"],"format":"text"})");
  EXPECT_EQ(At(document, orders + "/properties/mood/enum"), R"(["ok","sad",null])");
  EXPECT_EQ(At(document, orders + "/properties/empty/enum"), "nothing");
  EXPECT_EQ(At(document, orders + "/properties/state/default"), R"("ok")");
  EXPECT_EQ(At(document, orders + "/properties/made"), R"({"type":"string","format":"date-time"})");
  EXPECT_EQ(document.at_pointer(orders + "/required").get_array().size(), 11u);
}

TEST(OpenApi, Version3TellsWhatIsSentAndAnswered) {
  const json::value document = DocumentOfColumns(OpenApiVersion::k3_1);
  const std::string orders = "/paths/~1orders", row = R"({"$ref":"#/components/schemas/orders"})",
                    insert = R"({"$ref":"#/components/schemas/orders.insert"})",
                    json_type = "/content/application~1json/schema",
                    object_type = "/content/application~1vnd.pgrst.object+json/schema";
  EXPECT_EQ(At(document, "/openapi"), R"("3.1.0")");
  EXPECT_EQ(At(document, orders + "/post/requestBody" + json_type),
            "{\"anyOf\":[" + insert + ",{\"type\":\"array\",\"items\":" + insert + "}]}");
  EXPECT_EQ(At(document, orders + "/patch/requestBody" + json_type),
            R"({"$ref":"#/components/schemas/orders.update"})");
  for (const char* answer : {"/get/responses/200", "/get/responses/206", "/post/responses/201", "/patch/responses/200",
                             "/delete/responses/200"}) {
    EXPECT_EQ(At(document, orders + answer + json_type), "{\"type\":\"array\",\"items\":" + row + "}") << answer;
    EXPECT_EQ(At(document, orders + answer + object_type), row) << answer;
    EXPECT_EQ(At(document, orders + answer + "/content/text~1csv/schema"), R"({"type":"string"})") << answer;
  }
  EXPECT_EQ(At(document, "/paths/~1rpc~1place/post/responses/200" + json_type), row);
  EXPECT_EQ(At(document, "/paths/~1rpc~1place/post/requestBody" + json_type + "/required"), R"(["title"])");
  EXPECT_EQ(At(document, "/paths/~1rpc~1clear/post/responses/204/description"), R"("No Content")");
  EXPECT_EQ(At(document, "/paths/~1rpc~1clear/post/responses/200"), "nothing");
  EXPECT_EQ(At(document, "/paths/~1rpc~1count_them/post/responses/200" + json_type),
            R"({"type":"array","items":{"type":["integer","null"],"format":"int32"}})");
  EXPECT_EQ(At(document, "/components/parameters/limit/schema/type"), R"("integer")");
}

TEST(OpenApi, Version3NamesEveryOperationAndItsErrors) {
  for (const json::value& document : {Document(OpenApiVersion::k3_1), DocumentOfColumns(OpenApiVersion::k3_1)}) {
    std::set<std::string> ids;
    for (const auto& path : document.at("paths").get_object()) {
      for (const auto& method : path.value().get_object()) {
        const json::object& operation = method.value().get_object();
        EXPECT_TRUE(ids.insert(std::string(operation.at("operationId").get_string())).second) << path.key();
        EXPECT_FALSE(operation.at("summary").get_string().empty());
        if (path.key() == "/") continue;
        EXPECT_EQ(json::serialize(operation.at("responses").at("default")),
                  R"({"$ref":"#/components/responses/error"})");
      }
    }
  }
  EXPECT_EQ(At(Document(OpenApiVersion::k3_1), "/components/schemas/pando.error/required"),
            R"(["code","message","details","hint"])");
  RestOptions minimal;
  minimal.client_error_verbosity = "minimal";
  EXPECT_EQ(At(Document(OpenApiVersion::k3_1, minimal), "/components/schemas/pando.error/required"),
            R"(["code","message"])");
}

TEST(OpenApi, NoTwoNamesShareAComponent) {
  const json::value document = Document(OpenApiVersion::k3_1);
  for (const char* name : {"a_20b", "a_5F20b", "a_2Eb", "clients_2Einsert", "clients.insert"}) {
    EXPECT_NE(At(document, std::string("/components/schemas/") + name), "nothing") << name;
  }
  for (const auto& schema : document.at("components").at("schemas").get_object()) {
    EXPECT_THAT(std::string(schema.key()), testing::MatchesRegex("[A-Za-z0-9._-]+"));
  }
}

TEST(OpenApi, VersionFollowsTheAcceptHeader) {
  const auto choose = [](std::string_view accept) { return ChooseOpenApi(rest::ParseAccept(accept)); };
  EXPECT_EQ(*choose("*/*"), OpenApiVersion::k2_0);
  EXPECT_EQ(*choose("application/json"), OpenApiVersion::k2_0);
  EXPECT_EQ(*choose("text/csv, application/openapi+json;q=0.1"), OpenApiVersion::k2_0);
  EXPECT_EQ(*choose("application/vnd.oai.openapi+json;version=3.1"), OpenApiVersion::k3_1);
  EXPECT_EQ(*choose("application/vnd.oai.openapi+json;version=2.0"), OpenApiVersion::k2_0);
  EXPECT_EQ(choose("text/csv").error().id(), ErrorId::kNoMediaType);
}

}  // namespace
}  // namespace pando::serve
