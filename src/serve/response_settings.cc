#include "serve/response_settings.h"

#include <boost/json.hpp>
#include <charconv>
#include <vector>

namespace pando::serve {
namespace {

bool IsToken(std::string_view name) {
  if (name.empty()) return false;
  for (char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) return false;
  }
  return true;
}

// A line break in a value would let a function's caller write headers of his own (response splitting).
bool IsFieldValue(std::string_view value) { return value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos; }

std::optional<std::vector<http::Headers::Field>> ParseHeaders(const std::string& text) {
  boost::json::error_code failure;
  const boost::json::value value = boost::json::parse(text, failure);
  if (failure || !value.is_array()) return std::nullopt;
  std::vector<http::Headers::Field> fields;
  for (const auto& entry : value.get_array()) {
    if (!entry.is_object() || entry.get_object().size() != 1) return std::nullopt;
    const auto& [name, header] = *entry.get_object().begin();
    if (!header.is_string() || !IsToken(name) || !IsFieldValue(header.get_string())) return std::nullopt;
    fields.emplace_back(std::string(name), std::string(header.get_string()));
  }
  return fields;
}

}  // namespace

Result<void> ApplyResponseSettings(const std::optional<std::string>& headers, const std::optional<std::string>& status,
                                   http::Response& response) {
  if (headers) {
    auto fields = ParseHeaders(*headers);
    if (!fields) {
      return Error(
          ErrorId::kResponseHeadersSetting,
          "response.headers guc must be a JSON array composed of objects with a single key and a string value");
    }
    for (const auto& [name, value] : *fields) response.headers.Remove(name);
    for (auto& [name, value] : *fields) response.headers.Add(std::move(name), std::move(value));
  }
  if (status) {
    int number = 0;
    auto [at, failure] = std::from_chars(status->data(), status->data() + status->size(), number);
    if (failure != std::errc() || at != status->data() + status->size() || number < 200 || number > 599) {
      return Error(ErrorId::kResponseStatusSetting, "response.status guc must be a valid status code");
    }
    response.status = number;
    response.reason.clear();
  }
  return {};
}

}  // namespace pando::serve
