#include "catalog/relationships.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/snapshot.h"

namespace pando::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

QualifiedName Api(std::string name) { return {"api", std::move(name)}; }

Relation Table(std::string name, std::vector<std::string> key = {}) {
  Relation relation;
  relation.name = Api(std::move(name));
  relation.primary_key = std::move(key);
  return relation;
}

ForeignKey Key(std::string constraint, std::string table, std::vector<std::string> columns, std::string foreign_table,
               std::vector<std::string> foreign_columns, bool unique = false) {
  return {std::move(constraint),         Api(std::move(table)),      std::move(columns),
          Api(std::move(foreign_table)), std::move(foreign_columns), unique};
}

ViewColumnOrigin Shows(std::string view, std::string view_column, std::string table, std::string column) {
  return {Api(std::move(view)), std::move(view_column), Api(std::move(table)), std::move(column)};
}

// "m2o films by film_fk (film_id=id)", "m2m actors through roles (role_film, role_actor)", "computed f".
std::string Describe(const Relationship& r) {
  if (r.function) return "computed " + r.function->name + " to " + r.target.name;
  if (r.junction) {
    return "m2m " + r.target.name + " through " + r.junction->table.name + " (" + r.junction->source_constraint + ", " +
           r.junction->target_constraint + ")";
  }
  std::string text = r.cardinality == Cardinality::kManyToOne   ? "m2o "
                     : r.cardinality == Cardinality::kOneToMany ? "o2m "
                     : r.source_has_key                         ? "o2o child "
                                                                : "o2o parent ";
  text += r.target.name + " by " + r.constraint + " (";
  for (size_t i = 0; i < r.columns.size(); ++i) {
    text += (i ? ", " : "") + r.columns[i].first + "=" + r.columns[i].second;
  }
  return text + ")";
}

class RelationshipsTest : public ::testing::Test {
 protected:
  std::vector<std::string> From(std::string source) {
    const RelationshipsBySource all = DeriveRelationships(snapshot_);
    std::vector<std::string> described;
    const auto found = all.find(Api(std::move(source)));
    if (found == all.end()) return described;
    for (const Relationship& r : found->second) described.push_back(Describe(r));
    return described;
  }

  Snapshot snapshot_;
};

TEST_F(RelationshipsTest, AForeignKeyIsManyToOneOneWayAndOneToManyTheOther) {
  snapshot_.relations = {Table("films"), Table("directors")};
  snapshot_.foreign_keys = {Key("films_director", "films", {"director_id"}, "directors", {"id"})};

  EXPECT_THAT(From("films"), ElementsAre("m2o directors by films_director (director_id=id)"));
  EXPECT_THAT(From("directors"), ElementsAre("o2m films by films_director (id=director_id)"));
}

TEST_F(RelationshipsTest, AUniqueForeignKeyIsOneToOneBothWays) {
  snapshot_.relations = {Table("details"), Table("films")};
  snapshot_.foreign_keys = {Key("details_film", "details", {"film_id"}, "films", {"id"}, true)};

  EXPECT_THAT(From("details"), ElementsAre("o2o child films by details_film (film_id=id)"));
  EXPECT_THAT(From("films"), ElementsAre("o2o parent details by details_film (id=film_id)"));
}

TEST_F(RelationshipsTest, ASelfReferenceGivesChildrenBeforeTheParent) {
  snapshot_.relations = {Table("places")};
  snapshot_.foreign_keys = {Key("places_parent", "places", {"parent_id"}, "places", {"id"})};

  EXPECT_THAT(From("places"),
              ElementsAre("o2m places by places_parent (id=parent_id)", "m2o places by places_parent (parent_id=id)"));
  EXPECT_TRUE(DeriveRelationships(snapshot_).at(Api("places"))[0].is_self);
}

TEST_F(RelationshipsTest, TwoKeysWithinTheJunctionsPrimaryKeyGiveManyToMany) {
  snapshot_.relations = {Table("films"), Table("actors"), Table("roles", {"film_id", "actor_id", "take"})};
  snapshot_.foreign_keys = {Key("roles_film", "roles", {"film_id"}, "films", {"id"}),
                            Key("roles_actor", "roles", {"actor_id"}, "actors", {"id"})};

  EXPECT_THAT(From("films"), ElementsAre("m2m actors through roles (roles_film, roles_actor)",
                                         "o2m roles by roles_film (id=film_id)"));
  EXPECT_THAT(From("actors"), ElementsAre("m2m films through roles (roles_actor, roles_film)",
                                          "o2m roles by roles_actor (id=actor_id)"));
}

TEST_F(RelationshipsTest, AKeyOutsideTheJunctionsPrimaryKeyGivesNoManyToMany) {
  snapshot_.relations = {Table("films"), Table("actors"), Table("roles", {"id", "film_id"})};
  snapshot_.foreign_keys = {Key("roles_film", "roles", {"film_id"}, "films", {"id"}),
                            Key("roles_actor", "roles", {"actor_id"}, "actors", {"id"})};

  EXPECT_THAT(From("films"), ElementsAre("o2m roles by roles_film (id=film_id)"));
}

TEST_F(RelationshipsTest, AJunctionCanJoinARelationToItself) {
  snapshot_.relations = {Table("people"), Table("follows", {"follower", "followed"})};
  snapshot_.foreign_keys = {Key("follower_fk", "follows", {"follower"}, "people", {"id"}),
                            Key("followed_fk", "follows", {"followed"}, "people", {"id"})};

  EXPECT_THAT(From("people"),
              ElementsAre("o2m follows by followed_fk (id=followed)", "o2m follows by follower_fk (id=follower)",
                          "m2m people through follows (followed_fk, follower_fk)",
                          "m2m people through follows (follower_fk, followed_fk)"));
}

TEST_F(RelationshipsTest, AViewTakesOverKeysOnEitherSideUnderItsOwnColumnNames) {
  snapshot_.relations = {Table("films"), Table("directors"), Table("film_view"), Table("director_view")};
  snapshot_.foreign_keys = {Key("fk", "films", {"director_id"}, "directors", {"id"})};
  snapshot_.view_origins = {Shows("film_view", "by", "films", "director_id"),
                            Shows("director_view", "key", "directors", "id")};

  EXPECT_THAT(From("film_view"), ElementsAre("m2o director_view by fk (by=key)", "m2o directors by fk (by=id)"));
  EXPECT_THAT(From("directors"), ElementsAre("o2m film_view by fk (id=by)", "o2m films by fk (id=director_id)"));
}

TEST_F(RelationshipsTest, AViewWithoutAllOfTheKeysColumnsHasNoRelationship) {
  snapshot_.relations = {Table("a"), Table("b"), Table("a_view")};
  snapshot_.foreign_keys = {Key("fk", "a", {"x", "y"}, "b", {"x", "y"})};
  snapshot_.view_origins = {Shows("a_view", "x", "a", "x")};

  EXPECT_THAT(From("a_view"), IsEmpty());
}

TEST_F(RelationshipsTest, AColumnShownTwiceGivesARelationshipPerCopyInColumnOrder) {
  snapshot_.relations = {Table("b"), Table("v")};
  snapshot_.foreign_keys = {Key("fk", "a", {"x", "y"}, "b", {"x", "y"})};
  snapshot_.view_origins = {Shows("v", "x1", "a", "x"), Shows("v", "y1", "a", "y"), Shows("v", "x2", "a", "x"),
                            Shows("v", "y2", "a", "y")};

  EXPECT_THAT(From("v"), ElementsAre("m2o b by fk (x1=x, y1=y)", "m2o b by fk (x1=x, y2=y)", "m2o b by fk (x2=x, y1=y)",
                                     "m2o b by fk (x2=x, y2=y)"));
}

TEST_F(RelationshipsTest, CopiesOfAWideKeyAreBounded) {
  snapshot_.relations = {Table("b"), Table("v")};
  ForeignKey key = Key("fk", "a", {}, "b", {});
  for (int column = 0; column < 16; ++column) {
    const std::string name = "c" + std::to_string(column);
    key.columns.push_back(name);
    key.foreign_columns.push_back(name);
    for (int copy = 0; copy < 4; ++copy) {
      snapshot_.view_origins.push_back(Shows("v", name + "_" + std::to_string(copy), "a", name));
    }
  }
  snapshot_.foreign_keys = {key};

  EXPECT_EQ(From("v").size(), 256u);
}

TEST_F(RelationshipsTest, AViewOfAHiddenJunctionServesAsJunction) {
  snapshot_.relations = {Table("films"), Table("actors"), Table("role_view", {"f", "a"})};
  snapshot_.foreign_keys = {Key("roles_film", "roles", {"film_id"}, "films", {"id"}),
                            Key("roles_actor", "roles", {"actor_id"}, "actors", {"id"})};
  snapshot_.view_origins = {Shows("role_view", "f", "roles", "film_id"), Shows("role_view", "a", "roles", "actor_id")};

  EXPECT_THAT(From("films"), ElementsAre("m2m actors through role_view (roles_film, roles_actor)",
                                         "o2m role_view by roles_film (id=f)"));
}

TEST_F(RelationshipsTest, RelationsOutsideTheExposedSchemasAreNeitherTargetNorJunction) {
  snapshot_.exposed_schemas = {"api"};
  snapshot_.relations = {Table("films"), Table("actors")};
  Relation roles = Table("roles", {"film_id", "actor_id"});
  roles.name.schema = "private";
  snapshot_.relations.push_back(roles);
  ForeignKey film = Key("f", "roles", {"film_id"}, "films", {"id"});
  ForeignKey actor = Key("a", "roles", {"actor_id"}, "actors", {"id"});
  film.table.schema = actor.table.schema = "private";
  snapshot_.foreign_keys = {film, actor};

  EXPECT_THAT(From("films"), IsEmpty());
}

TEST_F(RelationshipsTest, AComputedRelationshipReplacesDetectedOnesToTheTargetOfItsName) {
  snapshot_.relations = {Table("films"), Table("directors"), Table("studios")};
  snapshot_.foreign_keys = {Key("fk", "films", {"director_id"}, "directors", {"id"}),
                            Key("studio_fk", "films", {"studio_id"}, "studios", {"id"})};
  Relationship computed;
  computed.source = Api("films");
  computed.target = Api("studios");
  computed.function = Api("directors");
  snapshot_.computed_relationships = {computed};

  EXPECT_THAT(From("films"), ElementsAre("m2o studios by studio_fk (studio_id=id)", "computed directors to studios"));
}

TEST_F(RelationshipsTest, CandidatesComeByCardinalityThenByConstraint) {
  snapshot_.relations = {Table("agents"), Table("departments")};
  snapshot_.foreign_keys = {Key("agents_department", "agents", {"department_id"}, "departments", {"id"}),
                            Key("z_head", "departments", {"head_id"}, "agents", {"id"}),
                            Key("b_deputy", "departments", {"deputy_id"}, "agents", {"id"})};

  EXPECT_THAT(From("agents"),
              ElementsAre("o2m departments by b_deputy (id=deputy_id)", "o2m departments by z_head (id=head_id)",
                          "m2o departments by agents_department (department_id=id)"));
}

}  // namespace
}  // namespace pando::catalog
