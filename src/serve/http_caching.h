// What an answer tells caches outside of Pando, and whether a caller has it already (RFC 9110, 8.8 and 13; RFC 9111).
//
// Concurrency  pure functions
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"
#include "plan/plan.h"
#include "serve/options.h"

namespace pando::serve {

inline constexpr std::string_view kETag = "ETag";

// Vary and Cache-Control of a shape's answers.
struct Freshness {
  http::Headers anonymous;  // to callers without a name: auth::Principal::anonymous
  http::Headers signed_in;
};

// Answers are to be revalidated each time, but where every relation that the plan reads is in rest.max_age_relations.
// Caches that many callers share may store what is the same for every anonymous caller.
Freshness FreshnessOf(const plan::Plan& plan, const RestOptions& options);

// The strong validator of a representation: of its bytes, and of what says how to read them. The same on every server
// and after every restart. 128 bits as hexadecimal digits, in quotes.
class ETag {
 public:
  ETag(std::string_view content_type, std::string_view body);
  std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 34> text_;
};

// Adds Vary with the fields of a request that decide about answers.
void AddVary(http::Response& response);

// Adds `freshness` and, to an answer with a body, its ETag: where a function's response.headers has not.
// REQUIRES: of a GET or HEAD that succeeded
void AddCachingHeaders(const http::Headers& freshness, bool is_head, http::Response& response);

// What If-Match and If-None-Match say about what there is now: a representation with this ETag, that shows nothing
// where `exists` is false.
enum class Condition { kHolds, kNotModified, kFails };
Condition EvaluateConditions(const http::Request& request, std::string_view etag, bool exists);

// Of kFails.
Error PreconditionFailed();

// Whether a write is to be performed only if EvaluateConditions() says so.
bool IsConditional(const http::Request& request);

// Makes a 304 of the answer to a GET that the caller has already, and a 412 of one that he does not want. `etag` may be
// empty: then nothing is changed.
void AnswerConditionally(const http::Request& request, std::string_view etag, http::Response& response);

}  // namespace pando::serve
