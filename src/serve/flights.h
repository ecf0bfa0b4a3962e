// Flights are the answers that are on their way into the cache, by key: who asks for one of them waits for it rather
// than ask the database for the same. What comes of it is looked up as ever, so that nobody is told anything by a
// flight that the cache would not have told them.
//
// Concurrency  executor-bound: one per event loop
// Ownership    outlives its leads
// Bounds       as many as requests are under way
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/event.h"

namespace pando::serve {

struct Flight {
  net::Event landed;
  // Its answer was not kept, nor would that of another be: to wait for the next one is in vain. Not set when whoever
  // led it went away before there was an answer.
  bool in_vain = false;
};

class Flights {
 public:
  // Whoever brings the answer. The flight lands when it dies.
  class Lead {
   public:
    Lead(Lead&& other) noexcept
        : flights_(std::exchange(other.flights_, nullptr)),
          key_(std::move(other.key_)),
          flight_(std::move(other.flight_)) {}
    Lead& operator=(Lead&&) = delete;
    ~Lead();

    Flight& flight() { return *flight_; }

   private:
    friend class Flights;
    Lead(Flights& flights, std::string_view key) : flights_(&flights), key_(key), flight_(std::make_shared<Flight>()) {}

    Flights* flights_;
    std::string key_;
    std::shared_ptr<Flight> flight_;
  };

  // Null: none is under way.
  std::shared_ptr<Flight> Find(std::string_view key) const;
  // REQUIRES: Find(key) is null
  Lead Begin(std::string_view key);

 private:
  std::map<std::string, std::shared_ptr<Flight>, std::less<>> flights_;
};

}  // namespace pando::serve
