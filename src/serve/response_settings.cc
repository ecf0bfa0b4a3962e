#include "serve/response_settings.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>

namespace pando::serve {
namespace {

// A line break in a value would let a function's caller write headers of his own (response splitting).
std::optional<http::Headers> ParseHeaders(const std::string& text) {
  boost::json::error_code failure;
  const boost::json::value value = boost::json::parse(text, failure);
  if (failure || !value.is_array()) return std::nullopt;
  http::Headers fields;
  for (const auto& entry : value.get_array()) {
    if (!entry.is_object() || entry.get_object().size() != 1) return std::nullopt;
    const auto& [name, header] = *entry.get_object().begin();
    if (!header.is_string() || !http::IsFieldName(name) || !http::IsFieldValue(header.get_string()))
      return std::nullopt;
    fields.Add(name, header.get_string());
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
    for (const auto& [name, value] : *fields) response.headers.Add(name, value);
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
