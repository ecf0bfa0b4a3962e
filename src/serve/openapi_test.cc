#include "serve/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "catalog/snapshot.h"
#include "plan/test_catalog.h"
#include "serve/root.h"

namespace pando::serve {
namespace {

namespace json = boost::json;

// The catalog of the planner's tests, with a relation whose name is hard to refer to.
std::shared_ptr<const catalog::Catalog> CatalogWithOddNames() {
  catalog::Snapshot snapshot = plan::TestCatalog()->snapshot();
  snapshot.relations.push_back(plan::TestTable(9, "a/b~c d%é", {plan::TestColumn("x.y z", 25, "text")}, {"x.y z"}));
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

TEST(OpenApi, Version3HasBodiesAndContentByMediaType) {
  const json::value document = Document(OpenApiVersion::k3_1);
  EXPECT_EQ(At(document, "/openapi"), R"("3.1.0")");
  EXPECT_EQ(At(document, "/paths/~1tasks/post/requestBody"), R"({"$ref":"#/components/requestBodies/tasks"})");
  EXPECT_EQ(At(document, "/components/requestBodies/tasks/content/application~1json/schema"),
            R"({"$ref":"#/components/schemas/tasks"})");
  EXPECT_EQ(At(document, "/paths/~1tasks/get/responses/200/content/text~1csv/schema/type"), R"("array")");
  EXPECT_EQ(At(document, "/components/parameters/limit/schema"), R"({"type":"string"})");
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
