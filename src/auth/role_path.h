// A RolePath says where in the claims the database role stands, in the two notations of the REST API's
// jwt-role-claim-key:
//
//   .role   .app_metadata.roles[1]   ."https://example.com/role".key   .roles[?(@ == "author")]
//   $.role  $['https://example.com/role'].key  $.roles[-1]  $.roles[?(@ == 'author')]  $.roles[?search(@, '^au')]
//
// A filter picks the first string of an array that == equals, != differs from, ^== begins with, ==^ ends with or
// *== contains the operand, or in which search() finds, or which match() matches, a regular expression.
//
// Concurrency  immutable, thread-safe
// Bounds       32 steps; a regular expression is tried on strings of up to 256 bytes only
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pando::auth {

class RolePath {
 public:
  //   kConfigInvalid  not in one of the notations; the detail names the place
  static Result<RolePath> Parse(std::string_view text);

  // The value at the path; nullptr when there is none. Lives as long as `claims`.
  const boost::json::value* Find(const boost::json::object& claims) const;

  struct Pattern;
  enum class StepKind { kName, kIndex, kEquals, kDiffers, kBeginsWith, kEndsWith, kContains, kSearch, kMatch };
  struct Step {
    StepKind kind = StepKind::kName;
    std::string text;                        // the name, or the operand of a filter
    int64_t index = 0;                       // of kIndex; negative counts from the end
    std::shared_ptr<const Pattern> pattern;  // of kSearch and kMatch
  };

 private:
  std::vector<Step> steps_;
};

}  // namespace pando::auth
