#include "auth/bounded_json.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace pando::auth {
namespace {

constexpr size_t kDepthMax = 32;

}  // namespace

std::optional<boost::json::object> ParseJsonObject(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code error;
  boost::json::value value = boost::json::parse(boost::json::string_view(text.data(), text.size()), error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

}  // namespace pando::auth
