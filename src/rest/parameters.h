// The query string cut into decoded parameters.
//
// Concurrency  single-owner; neither copied nor moved, because the views point into it
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pando::rest {

struct Parameter {
  std::string_view key;
  std::string_view value;
  bool has_value = false;  // an '=' was there
};

class Parameters {
 public:
  Parameters() = default;
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;

  // Splits `query` at '&' alone (URL standard, application/x-www-form-urlencoded parsing) and decodes each side of the
  // first '='. Empty pieces are left out. `query` must outlive the object. To be called once.
  //   kQueryParse  an escape, a NUL or UTF-8 is malformed (rest/percent.h)
  Result<void> Parse(std::string_view query);

  // In the order of the query string.
  const std::vector<Parameter>& all() const { return all_; }

  // Sorted by key and encoded again, the values of equal keys joined by commas: what Content-Location says.
  std::string Canonical() const;

 private:
  Result<std::string_view> Decode(std::string_view text);

  std::vector<Parameter> all_;
  std::string decoded_;  // reserved before the first view is taken, so it never moves
};

}  // namespace pando::rest
