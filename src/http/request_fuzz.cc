// Fuzzes what a stranger can send first: a request's header, its body, and the next request behind it. What is taken
// for a request must be one to Beast's parser too, with the same fields and the same end: two servers that read one
// message differently are how requests are smuggled.
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/assert.h"
#include "http/header_scanner.h"
#include "http/request_parser.h"

namespace http = pando::http;
namespace beast = boost::beast::http;

namespace {

constexpr http::RequestParser::Limits kLimits{.body_bytes_max = 10'000, .header_bytes_max = 10'000};

// How many bytes of `input` the request takes; 0 when it is refused or not whole.
size_t Parse(std::string_view input, http::RequestParser& parser, http::HeaderScanner& scanner) {
  if (scanner.Scan(input) != http::HeaderScanner::State::kComplete) return 0;
  if (const auto refusal = parser.ParseHeader(input.substr(scanner.start(), scanner.size() - scanner.start()))) {
    PANDO_ASSERT(refusal->status >= 400 && !refusal->error.message().empty());
    return 0;
  }
  size_t consumed = scanner.size();
  while (!parser.done()) {
    const size_t before = consumed;
    if (parser.ParseBody(input.substr(consumed), consumed) || (consumed == before && !parser.done())) return 0;
  }
  return consumed;
}

void CompareWithBeast(std::string_view input, const http::Request& request, size_t consumed) {
  beast::request_parser<beast::string_body> parser;
  parser.eager(true);
  parser.header_limit(UINT32_MAX);
  boost::beast::error_code failure;
  size_t read = 0;
  while (!failure && !parser.is_done()) {
    const size_t used = parser.put(boost::asio::buffer(input.data() + read, input.size() - read), failure);
    read += used;
    if (used == 0 && !failure) break;
  }
  // Beast is stricter about lists of options that nothing here looks at.
  if (failure == beast::error::bad_value) return;
  PANDO_ASSERT(!failure && parser.is_done() && read == consumed);
  const auto& message = parser.get();
  PANDO_ASSERT(std::string_view(message.method_string().data(), message.method_string().size()) == request.method);
  PANDO_ASSERT(std::string_view(message.target().data(), message.target().size()) == request.target);
  PANDO_ASSERT(message.body() == request.body);
  // Beast has fields of one name together, and the trailers among them.
  std::multiset<std::pair<std::string_view, std::string_view>> fields;
  for (const auto& field : message) {
    fields.emplace(std::string_view(field.name_string().data(), field.name_string().size()),
                   std::string_view(field.value().data(), field.value().size()));
  }
  for (const auto& [name, value] : request.headers) {
    const auto found = fields.find({name, value});
    PANDO_ASSERT(found != fields.end());
    fields.erase(found);
  }
  PANDO_ASSERT(fields.empty() || parser.chunked());
}

}  // namespace

// A header whose fields are those of the one before means the same to a parser that does not look at them again.
void CompareWithRepeated(std::string_view next, http::RequestParser& parser, const http::Request& request) {
  const size_t size = parser.ParseRepeated(next);
  if (size == 0) return;
  http::HeaderScanner scanner;
  PANDO_ASSERT(scanner.Scan(next) == http::HeaderScanner::State::kComplete);
  PANDO_ASSERT(scanner.start() == 0 && scanner.size() == size);
  http::Request fresh;
  http::RequestParser other(fresh, kLimits);
  PANDO_ASSERT(!other.ParseHeader(next.substr(0, size)));
  PANDO_ASSERT(fresh.method == request.method && fresh.target == request.target);
  PANDO_ASSERT(fresh.headers.lines() == request.headers.lines() && fresh.headers.size() == request.headers.size());
  PANDO_ASSERT(other.done() == parser.done() && other.wants_keep_alive() == parser.wants_keep_alive());
  PANDO_ASSERT(other.expects_continue() == parser.expects_continue() && other.is_http10() == parser.is_http10());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  http::Request request;
  http::HeaderScanner scanner;
  http::RequestParser parser(request, kLimits);
  const size_t consumed = Parse(input, parser, scanner);
  if (consumed == 0) return 0;
  CompareWithBeast(input.substr(scanner.start()), request, consumed - scanner.start());
  CompareWithRepeated(input.substr(consumed), parser, request);
  const std::string_view header = input.substr(scanner.start(), scanner.size() - scanner.start());
  CompareWithRepeated("PUT /again HTTP/1.1" + std::string(header.substr(header.find('\r'))), parser, request);
  return 0;
}
