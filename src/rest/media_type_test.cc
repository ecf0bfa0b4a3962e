#include "rest/media_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::rest {
namespace {

using Kind = MediaType::Kind;
using testing::ElementsAre;

std::vector<std::string> Originals(std::string_view header) {
  std::vector<std::string> texts;
  for (const MediaType& media : ParseAccept(header)) texts.push_back(media.original);
  return texts;
}

struct KindCase {
  std::string_view header;
  Kind kind;
  bool nulls_stripped = false;
};

TEST(Accept, RecognisesTheTypesOfTheApi) {
  const KindCase cases[] = {
      {"*/*", Kind::kAny},
      {"application/json", Kind::kJson},
      {"Application/JSON; charset=utf-8", Kind::kJson},
      {"application/json;nulls=stripped", Kind::kJson},
      {"application/vnd.pgrst.array", Kind::kJson},
      {"application/vnd.pgrst.array+json", Kind::kJson},
      {"application/vnd.pgrst.array+json;nulls=stripped", Kind::kJsonArray, true},
      {"application/vnd.pgrst.object", Kind::kJsonObject},
      {"application/vnd.pgrst.object+json", Kind::kJsonObject},
      {"application/vnd.pgrst.object+json; Nulls=\"Stripped\"", Kind::kJsonObject, true},
      {"text/csv; version=1", Kind::kCsv},
      {"application/geo+json", Kind::kGeoJson},
      {"text/plain", Kind::kText},
      {"text/xml", Kind::kXml},
      {"application/octet-stream", Kind::kOctetStream},
      {"application/openapi+json", Kind::kOpenApi},
      {"application/vnd.pgrst.plan", Kind::kPlan},
      {"image/png", Kind::kOther},
      {"text/*", Kind::kOther},
      {"undefined", Kind::kOther},
      {"a b/c", Kind::kOther},
      {"/", Kind::kOther},
  };
  for (const KindCase& it : cases) {
    const std::vector<MediaType> media = ParseAccept(it.header);
    ASSERT_EQ(media.size(), 1u) << it.header;
    EXPECT_EQ(media[0].kind, it.kind) << it.header;
    EXPECT_EQ(media[0].nulls_stripped, it.nulls_stripped) << it.header;
  }
}

TEST(Accept, MeansAnythingWhenAbsentOrEmpty) {
  EXPECT_EQ(ParseAccept(std::nullopt).at(0).kind, Kind::kAny);
  EXPECT_EQ(ParseAccept(" , ").at(0).kind, Kind::kAny);
}

TEST(Accept, OrdersByQualityAndThenByPosition) {
  EXPECT_THAT(Originals("text/html,application/xml;q=0.9,image/png,*/*;q=0.8"),
              ElementsAre("text/html", "image/png", "application/xml", "*/*"));
  EXPECT_THAT(Originals("text/csv, */*; q=0.01"), ElementsAre("text/csv", "*/*"));
  EXPECT_THAT(Originals("a/b;q=high,c/d"), ElementsAre("a/b", "c/d"));
}

TEST(Accept, KeepsARefusedTypeOnlyToNameIt) {
  const std::vector<MediaType> media = ParseAccept("application/json;q=0");
  ASSERT_EQ(media.size(), 1u);
  EXPECT_EQ(media[0].kind, Kind::kOther);
  EXPECT_EQ(media[0].name, "");
  EXPECT_EQ(media[0].original, "application/json");
}

TEST(Accept, ReadsThePlanAndWhatItIsFor) {
  const MediaType plan = ParseAccept(
      R"(application/vnd.pgrst.plan+json; for="application/vnd.pgrst.object"; options=analyze|verbose|wal;)")[0];
  EXPECT_EQ(plan.kind, Kind::kPlan);
  EXPECT_TRUE(plan.plan_json);
  EXPECT_EQ(plan.plan_for, "application/vnd.pgrst.object");
  EXPECT_TRUE(plan.plan_analyze && plan.plan_verbose && plan.plan_wal);
  EXPECT_FALSE(plan.plan_settings || plan.plan_buffers);
  EXPECT_EQ(plan.original,
            R"(application/vnd.pgrst.plan+json;for="application/vnd.pgrst.object";options=analyze|verbose|wal)");
}

TEST(Accept, DoesNotSplitInsideQuotes) {
  const std::vector<MediaType> media = ParseAccept(R"(application/vnd.pgrst.plan; for="a/b,\"c;d", text/csv)");
  ASSERT_EQ(media.size(), 2u);
  EXPECT_EQ(media[0].plan_for, R"(a/b,"c;d)");
  EXPECT_EQ(media[1].kind, Kind::kCsv);
}

TEST(ContentType, IgnoresParametersEvenMalformedOnes) {
  EXPECT_EQ(ParseContentType("").kind, Kind::kJson);
  EXPECT_EQ(ParseContentType("application/json; $$ unrecognized-chars=ignored $$").kind, Kind::kJson);
  EXPECT_EQ(ParseContentType("TEXT/CSV;header=present").kind, Kind::kCsv);
  EXPECT_EQ(ParseContentType("application/x-www-form-urlencoded").kind, Kind::kForm);
  EXPECT_EQ(ParseContentType("nonsense").kind, Kind::kOther);
}

}  // namespace
}  // namespace pando::rest
