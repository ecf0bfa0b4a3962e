// A SettingsSelect is one SELECT that makes settings, by set_config() (PostgreSQL documentation 9.27.1).
//
// Its text depends on the names alone, so that statements of the same settings share one plan. Values are parameters.
//
// Concurrency  single-owner
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pg/exchange.h"
#include "pg/quote.h"

namespace pando::pg {

class SettingsSelect {
 public:
  enum class Lasts { kTransaction, kSession };
  explicit SettingsSelect(Lasts lasts) : end_(lasts == Lasts::kTransaction ? ", true)" : ", false)") {}

  void Add(std::string_view name, std::string value) {
    sql_ += parameters_.empty() ? "SELECT " : ", ";
    parameters_.emplace_back(std::move(value));
    sql_ += "pg_catalog.set_config(" + QuoteLiteral(name) + ", $" + std::to_string(parameters_.size()) + end_;
  }
  bool empty() const { return parameters_.empty(); }
  // REQUIRES: not empty()
  Command Take() { return Command{std::move(sql_), std::move(parameters_)}; }

 private:
  const char* const end_;
  std::string sql_;
  std::vector<Parameter> parameters_;
};

}  // namespace pando::pg
