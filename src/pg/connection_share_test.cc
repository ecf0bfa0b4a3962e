#include "pg/connection_share.h"

#include <gtest/gtest.h>

namespace pando::pg {
namespace {

TEST(ConnectionShareTest, GivesEachLoopItsPartAndNoneNothing) {
  EXPECT_EQ(PartOf(10, 2, 0), 5u);
  EXPECT_EQ(PartOf(10, 3, 0), 4u);
  EXPECT_EQ(PartOf(10, 3, 2), 3u);
  EXPECT_EQ(PartOf(1, 4, 3), 1u);
}

TEST(ConnectionShareTest, SetsConnectionsApartForTheLaneWhereThereAreSome) {
  for (const auto& [connections, alone, lane] : {std::tuple{1u, 1u, 0u}, {2u, 1u, 1u}, {5u, 4u, 1u}, {6u, 4u, 2u}}) {
    const ConnectionShare share = Divide(connections);
    EXPECT_EQ(share.alone, alone) << connections;
    EXPECT_EQ(share.lane, lane) << connections;
  }
}

}  // namespace
}  // namespace pando::pg
