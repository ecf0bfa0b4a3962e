// An answer in place of the handler's: the connection is closed after it, for where the next request begins is unsure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/error.h"

namespace pando::http {

struct Refusal {
  int status;
  Error error;
};

inline Refusal RefuseMalformed(std::string message) {
  return {400, Error(ErrorId::kHttpMalformed, std::move(message))};
}

inline Refusal RefuseBodySize(uint64_t bytes_max) {
  return {413,
          Error(ErrorId::kHttpBodyTooLarge, "the request body is larger than " + std::to_string(bytes_max) + " bytes")};
}

}  // namespace pando::http
