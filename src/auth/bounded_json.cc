#include "auth/bounded_json.h"

#include <boost/json/parse.hpp>

namespace pando::auth {
namespace {

constexpr size_t kDepthMax = 32;

}  // namespace

std::optional<boost::json::value> ParseJson(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(boost::json::string_view(text.data(), text.size()), error, {}, options);
  if (error) return std::nullopt;
  return value;
}

std::optional<boost::json::object> ParseJsonObject(std::string_view text) {
  std::optional<boost::json::value> value = ParseJson(text);
  if (!value || !value->is_object()) return std::nullopt;
  return std::move(value->get_object());
}

}  // namespace pando::auth
