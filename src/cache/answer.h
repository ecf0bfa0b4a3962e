// What the Store keeps of an answer: what many have in common once, and what each has of its own.
//
// Concurrency  immutable
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pando::cache {

// What answers have in common, mostly all of a shape: it is held once for them.
struct AnswerKind {
  int status = 200;
  std::string header;  // field lines, each with its CRLF
  std::string route;   // the resource that they are of, for metrics
  // Of a signpost, which is no answer but says what of a request completes the key under which its answer is: names in
  // no order that means anything, for whoever made the key. nullptr: these are answers.
  std::shared_ptr<const std::vector<std::string>> completed_by = nullptr;

  bool operator==(const AnswerKind&) const = default;
};

// An answer as it is handed in. The texts are copied.
struct Draft {
  std::shared_ptr<const AnswerKind> kind;
  bool kind_is_new = true;       // else its memory was counted with another answer
  std::string_view header = {};  // field lines of its own, each with its CRLF
  std::string_view body = {};
};

// Ready to be sent, but for the header fields that are of one request.
class Answer {
 public:
  Answer(std::shared_ptr<const AnswerKind> kind, std::string_view header, std::string_view body)
      : kind_(std::move(kind)), header_(header), body_(body) {}
  const AnswerKind& kind() const { return *kind_; }
  // Field lines that go behind the kind's.
  std::string_view header() const { return header_; }
  std::string_view body() const { return body_; }

 private:
  std::shared_ptr<const AnswerKind> kind_;
  std::string_view header_, body_;
};

}  // namespace pando::cache
