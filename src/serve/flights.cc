#include "serve/flights.h"

#include "base/assert.h"

namespace pando::serve {

Flights::Lead::~Lead() {
  if (!flights_) return;
  flights_->flights_.erase(key_);
  flight_->landed.Set();
}

std::shared_ptr<Flight> Flights::Find(std::string_view key) const {
  const auto found = flights_.find(key);
  return found == flights_.end() ? nullptr : found->second;
}

Flights::Lead Flights::Begin(std::string_view key) {
  Lead lead(*this, key);
  const bool is_first = flights_.emplace(key, lead.flight_).second;
  PANDO_ASSERT(is_first);
  return lead;
}

}  // namespace pando::serve
