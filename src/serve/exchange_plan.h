// An ExchangePlan is what one request sends in one exchange, and where in the answer the rows of each part are.
//
// Concurrency  single-owner
// Internal to serve/.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "pg/exchange.h"

namespace pando::serve {

struct ExchangePlan {
  // Returns the place of the command's rows.
  size_t Add(pg::Command command) {
    exchange.commands.push_back(std::move(command));
    return exchange.commands.size() - 1;
  }

  pg::Exchange exchange;
  std::optional<size_t> current;      // what there is, of a write with conditions
  std::optional<size_t> before_fill;  // what proves that an answer may be stored, before the statement
  size_t main = 0;                    // the statement
  std::optional<size_t> estimate;     // of an estimated count
  std::optional<size_t> after_fill;   // as `before_fill`, after the statement
  bool limited_by_request = false;    // the time of what it writes, by no role and no function
};

}  // namespace pando::serve
