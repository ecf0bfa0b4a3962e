#include "serve/flights.h"

#include <gtest/gtest.h>

#include <optional>

namespace pando::serve {
namespace {

TEST(FlightsTest, AreFoundUntilTheyLand) {
  Flights flights;
  std::shared_ptr<Flight> flight;
  {
    Flights::Lead lead = flights.Begin("a");
    flight = flights.Find("a");
    EXPECT_EQ(flight.get(), &lead.flight());
    EXPECT_EQ(flights.Find("b"), nullptr);
    const Flights::Lead moved = std::move(lead);
    EXPECT_EQ(flights.Find("a"), flight);
    EXPECT_FALSE(flight->landed.is_set());
  }
  EXPECT_TRUE(flight->landed.is_set());
  EXPECT_EQ(flights.Find("a"), nullptr);
}

TEST(FlightsTest, TheNextOneIsAnother) {
  Flights flights;
  std::optional<Flights::Lead> lead = flights.Begin("a");
  const std::shared_ptr<Flight> first = flights.Find("a");
  lead.reset();
  lead.emplace(flights.Begin("a"));
  EXPECT_NE(flights.Find("a"), first);
}

}  // namespace
}  // namespace pando::serve
