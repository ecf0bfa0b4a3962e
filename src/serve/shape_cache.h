// The ShapeCache remembers the shapes of reads that come again and again, so that they are parsed, planned and written
// once: what follows "eq." and its like, and the arguments of functions, are cut out of the query string; the rest is
// the key.
//
// Only what can be proven is remembered: a shape is made anew with marks in the places of the values, and each mark
// must come out as one whole parameter of the statement. A request whose values cannot be cut, or that is seen for the
// first time, goes the long way, which alone tells errors.
//
// Concurrency  executor-bound: one per event loop
// Bounds       entries_max shapes, the least recently used goes; keys of kKeyBytesMax, kValuesMax values
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cache/answer.h"
#include "http/message.h"
#include "serve/pace.h"
#include "serve/row_printer.h"
#include "serve/shape.h"

namespace pando::serve {

// A request with its values cut out. The values are views into the request.
struct CutRequest {
  // Asks for the shape whose rows the database prints, which is kept apart from the one that the server tries.
  void LeaveToDatabase();

  std::string key;
  std::vector<std::string_view> values;  // still percent-encoded
  std::string_view query;
  Printer printer = Printer::kServer;
};

// Adds to a key the headers that parsing reads, each in its place.
void AppendReadHeaders(const http::Request& request, std::string& key);

// What one event loop has learned of a shape from its answers.
struct Learned {
  Pace pace;
  RowKeys row_keys;
  std::shared_ptr<const cache::AnswerKind> answer_kind;  // of the last answer that was kept
};

class ShapeCache {
 public:
  static constexpr size_t kKeyBytesMax = 2048;
  static constexpr size_t kValuesMax = 16;

  // What a request adds to its shape.
  struct Recalled {
    std::shared_ptr<const Shape> shape;
    std::shared_ptr<Learned> learned;
    std::vector<sql::Parameter> parameters;
    std::string canonical;  // query string, as rest::Query::canonical
  };

  explicit ShapeCache(size_t entries_max = 500);

  // Fills `cut`, whose memory is used again. False when such requests are not remembered: all but GET and HEAD of
  // relations and functions, and what is very long.
  static bool Cut(const http::Request& request, std::string_view rest_prefix, std::string_view role, CutRequest& cut);

  // nullopt when the shape is not known, or a value is malformed.
  std::optional<Recalled> Recall(const CutRequest& cut);

  // Called for each shape that was made the long way: the second time, it is remembered if it can be.
  // REQUIRES: `config` is the one in force; Clear() follows its replacement.
  void Remember(const CutRequest& cut, const http::Request& request, const Config& config, const std::string& role);

  void Clear();
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const Shape> shape;
    std::shared_ptr<Learned> learned;
    std::vector<std::optional<size_t>> value_of_parameter;  // nullopt: the shape's own parameter
    std::string canonical_head;
    std::vector<std::pair<size_t, std::string>> canonical_rest;  // a value, and what follows it
  };
  using List = std::list<Entry>;

  bool IsSecondSight(std::string_view key);
  std::string Mark(size_t value) const;
  std::optional<Entry> MakeEntry(const CutRequest& cut, const http::Request& request, const Config& config,
                                 const std::string& role) const;
  bool FindMarks(const CutRequest& cut, const Shape& shape, Entry& entry) const;

  const size_t entries_max_;
  const std::string nonce_;  // nobody can send a mark
  List entries_;             // the most recently used first; on the executor, as everything below
  std::unordered_map<std::string_view, List::iterator> by_key_;  // keys point into entries_
  std::array<size_t, 1024> seen_{};                              // hashes of keys that came once
  std::array<std::string, kValuesMax> values_;                   // of the request at hand; used again
};

}  // namespace pando::serve
