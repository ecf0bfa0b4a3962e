// Checks that a text is JSON (RFC 8259) and reports its outermost shape on the way, in one pass and without building
// anything. Numbers are checked by form only: PostgreSQL reads the text itself, so 1e999999999999 and integers of a
// thousand digits are as good as any. That is why this is ours: Boost.JSON's parser converts every number and refuses
// what does not fit.
//
// Concurrency  thread-safe: pure functions
// Bounds       a byte of memory per open container, at most `nesting_max` of them
#pragma once

#include <cstdint>
#include <string_view>

namespace pando::rest {

enum class JsonKind { kObject, kArray, kScalar };

// Told about the root (depth 0) and, in an array, its elements (depth 1). What lies deeper is checked and not reported.
class JsonListener {
 public:
  virtual ~JsonListener() = default;
  // A value begins.
  virtual void OnValue(uint32_t depth, JsonKind kind) = 0;
  // A key of the object that began last; what stands between its quotes, still escaped.
  virtual void OnKey(uint32_t depth, std::string_view raw) = 0;
  // The object that began last at this depth is complete.
  virtual void OnObjectEnd(uint32_t depth) = 0;
};

enum class JsonCheck {
  kValid,
  kMalformed,  // not one JSON value with white space around, or not UTF-8
  kTooDeep,    // more than `nesting_max` containers are open at once; what follows was not looked at
};
JsonCheck ScanJson(std::string_view text, uint32_t nesting_max, JsonListener& listener);

}  // namespace pando::rest
