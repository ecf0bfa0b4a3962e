// The id that names a request in answer and log: the client's, or a new one.
//
// Concurrency  executor-bound
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pando::http {

class RequestIds {
 public:
  RequestIds();  // draws a random start

  // Makes `id` of `sent` if that is 1 to 128 printable ASCII characters, else a new one of 32 hexadecimal digits,
  // unique for all practical purposes and not meant to be secret.
  void Choose(std::optional<std::string_view> sent, std::string& id);

 private:
  std::string head_;  // of every id: hexadecimal digits
  uint64_t counter_;
};

}  // namespace pando::http
