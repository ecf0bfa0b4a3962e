// The text of a statement, shared by all who send it: it is long, and what is looked up by it is looked up often.
//
// Concurrency  immutable, thread-safe
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace pando::pg {

class SqlText {
 public:
  SqlText() : SqlText(std::string()) {}
  // Of texts, so that a command is written with one.
  SqlText(std::string text) : held_(std::make_shared<const Held>(std::move(text))) {}  // NOLINT(google-explicit-*)
  SqlText(const char* text) : SqlText(std::string(text)) {}                            // NOLINT(google-explicit-*)

  std::string_view view() const { return held_->text; }
  bool has_zero_byte() const { return held_->has_zero_byte; }
  size_t hash() const { return held_->hash; }

  friend bool operator==(const SqlText& a, const SqlText& b) { return a.held_ == b.held_ || a.view() == b.view(); }

 private:
  struct Held {
    explicit Held(std::string sql)
        : text(std::move(sql)),
          hash(std::hash<std::string_view>()(text)),
          has_zero_byte(text.find('\0') != std::string::npos) {}

    const std::string text;
    const size_t hash;
    const bool has_zero_byte;
  };
  std::shared_ptr<const Held> held_;  // never null
};

struct SqlTextHash {
  size_t operator()(const SqlText& sql) const { return sql.hash(); }
};

}  // namespace pando::pg
