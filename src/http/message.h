// One HTTP exchange as values: what the server parsed, and what a handler answers.
//
// Concurrency  single-owner
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "base/deadline.h"
#include "base/memory_budget.h"
#include "base/text_buffer.h"

namespace pando::http {

bool EqualsIgnoreCase(std::string_view a, std::string_view b);

// A token (RFC 9110, 5.6.2).
bool IsFieldName(std::string_view text);
constexpr bool BreaksLine(char c) { return c == '\r' || c == '\n' || c == '\0'; }
// Holds nothing that ends a line: it may come from SQL.
bool IsFieldValue(std::string_view text);

// Header fields in the order of the wire; names compare without regard to case (RFC 9110, 5.1). They are held as the
// lines that are sent, so that a header is written by one copy. What is handed out is valid until the next change, and
// what is handed in may not be part of it.
class Headers {
 public:
  struct Field {
    std::string_view name, value;
  };
  class Iterator;
  static constexpr std::string_view kColon = ": ";

  // The names that there may be: a filter with false positives, which answers for most that they are not there.
  class Names {
   public:
    constexpr Names() = default;
    constexpr explicit Names(std::string_view name) : bits_(name.empty() ? 0 : uint64_t{1} << PlaceOf(name)) {}
    constexpr Names operator|(Names other) const { return Names(bits_ | other.bits_); }
    constexpr bool Meets(Names other) const { return (bits_ & other.bits_) != 0; }

   private:
    friend class Headers;
    constexpr explicit Names(uint64_t bits) : bits_(bits) {}
    // REQUIRES: !name.empty()
    static constexpr unsigned PlaceOf(std::string_view name) {
      constexpr unsigned kLowerCase = 0x20, kPlaces = 64;
      const auto at = [&](size_t i) { return static_cast<unsigned char>(name[i]) | kLowerCase; };
      // Chosen so that the fields of our answers and those of the connection's own have none in common, nor have the
      // fields that browsers send and those that are looked for.
      return (static_cast<unsigned>(name.size()) + at(0) + at(name.size() / 2) * 9 + at(name.size() - 1) * 27) %
             kPlaces;
    }
    uint64_t bits_ = 0;
  };
  bool MayHold(Names names) const { return names_.Meets(names); }
  Names names() const { return names_; }

  // The first field of that name.
  std::optional<std::string_view> Find(std::string_view name) const {
    return MayHold(Names(name)) ? Search(name) : std::nullopt;
  }
  std::vector<std::string_view> FindAll(std::string_view name) const;
  // Calls `found` with the value of each field of that name, until it returns false.
  template <class Found>
  void ForEach(std::string_view name, Found found) const;
  // Does nothing when name or value would end their line.
  // REQUIRES: IsFieldName(name), where it may come from a client or from SQL.
  void Add(std::string_view name, std::string_view value) { Add(name, {value}); }
  // The value is the pieces one after the other.
  void Add(std::string_view name, std::initializer_list<std::string_view> pieces);
  // `line` is "name: value CRLF" and is held as it is.
  // REQUIRES: its parts are IsFieldName and IsFieldValue, without blanks around the value
  void AddLine(std::string_view line, size_t name_size);
  // All fields of `others`, behind these.
  void Append(const Headers& others);
  // Replaces all fields of that name by one.
  void Set(std::string_view name, std::string_view value);
  void Remove(std::string_view name);
  void Reserve(size_t fields, size_t bytes);
  // Keeps some of its memory.
  void Clear();

  // "name: value CRLF" of each.
  std::string_view lines() const { return lines_.view(); }
  Iterator begin() const;
  Iterator end() const;
  size_t size() const { return places_.size(); }

 private:
  struct Place {
    uint32_t begin, name_size, value_size;
    uint32_t name_place;  // of Names: most that are not meant differ in it
  };
  static constexpr size_t kFieldsUsual = 8;

  Field At(size_t index) const { return {NameOf(places_[index]), ValueOf(places_[index])}; }
  std::string_view NameOf(Place place) const { return lines_.view().substr(place.begin, place.name_size); }
  std::string_view ValueOf(Place place) const {
    return lines_.view().substr(place.begin + place.name_size + kColon.size(), place.value_size);
  }
  std::optional<std::string_view> Search(std::string_view name) const;
  void NoteLine(size_t begin, std::string_view name, size_t value_size);

  TextBuffer lines_;
  boost::container::small_vector<Place, kFieldsUsual> places_;
  Names names_;
};

class Headers::Iterator {
 public:
  Iterator(const Headers& headers, size_t index) : headers_(&headers), index_(index) {}
  Field operator*() const { return headers_->At(index_); }
  Iterator& operator++() {
    ++index_;
    return *this;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  const Headers* headers_;
  size_t index_;
};

template <class Found>
void Headers::ForEach(std::string_view name, Found found) const {
  if (!MayHold(Names(name))) return;
  const unsigned name_place = Names::PlaceOf(name);
  for (const Place& place : places_) {
    const bool is_meant =
        place.name_place == name_place && place.name_size == name.size() && EqualsIgnoreCase(NameOf(place), name);
    if (is_meant && !found(ValueOf(place))) return;
  }
}

inline Headers::Iterator Headers::begin() const { return {*this, 0}; }
inline Headers::Iterator Headers::end() const { return {*this, size()}; }

struct Request {
  std::string method;  // as sent: methods are case-sensitive
  std::string target;  // as sent: "/path?query", not decoded
  Headers headers;
  std::string body;            // whole, decoded from chunks; at most http.body_bytes_max
  std::string id;              // X-Request-Id as sent (if it is 1 to 128 printable characters), else made here
  std::string remote_address;  // the peer's IP address, without the port
  bool is_tls = false;
  Deadline deadline;  // http.request_timeout after the header was complete
  Clock::time_point received_at;

  // The target up to '?', and what follows it (empty when there is none).
  std::string_view path() const;
  std::string_view query() const;
};

// Changes nothing that the client asked for (RFC 9110, 9.2.1).
inline bool IsSafe(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
}

struct Response {
  int status = 200;
  std::string reason;  // empty: the standard phrase of the status; sent without control characters, to 256 bytes
  // Content-Length, Date, Server, Connection and X-Request-Id are the connection's to write.
  Headers headers;
  std::string body;  // never sent for HEAD, 204 and 304
  // An answer that is ready: field lines, each with its CRLF, in two pieces, and what is sent for `body`. They point
  // into what `ready` keeps alive; null: there is none.
  std::shared_ptr<const void> ready;
  std::string_view ready_header, ready_fields, ready_body;
  MemoryCharge memory;  // for `body`, where the handler has charged it already
  // Whether Content-Length is written; PostgREST leaves it out on HEAD and 204, and so does the connection by itself.
  bool close = false;  // ask for the connection to be closed after this answer
  // For the observer of exchanges, not for the client: the resource that answered (empty when none did), as whom, and
  // the code of the error that the body tells.
  std::string route, role, error_code;

  std::string_view sent_body() const { return ready ? ready_body : std::string_view(body); }
};

}  // namespace pando::http
