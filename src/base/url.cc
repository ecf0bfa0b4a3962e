#include "base/url.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace pando {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;

Error Refuse(const std::string& text, const std::string& why) {
  return Error(ErrorId::kConfigInvalid, "the URL \"" + text + "\" " + why)
      .WithHint("write a URL such as http://127.0.0.1:8080/rest/v1/items");
}

bool ParsePort(std::string_view text, uint16_t& port) {
  const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && stopped == text.data() + text.size() && port > 0;
}

}  // namespace

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (is_tls ? kHttpsPort : kHttpPort) ? name : name + ":" + std::to_string(port);
}

Result<Url> ParseUrl(const std::string& text) {
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!clean) return Refuse(text, "holds a character that must be percent-encoded");
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    url.is_tls = true;
    url.port = kHttpsPort;
  } else {
    return Refuse(text, "does not begin with http:// or https://");
  }
  const size_t path = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view host = rest.substr(0, path);
  url.target = std::string(rest.substr(path, rest.find('#') - path));
  if (url.target.starts_with('?')) url.target.insert(0, "/");
  if (host.find('@') != std::string_view::npos) return Refuse(text, "has a user; send an Authorization header instead");
  const size_t bracket = host.rfind(']');
  const size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    if (!ParsePort(host.substr(colon + 1), url.port))
      return Refuse(text, "has a port that is not a number from 1 to 65535");
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return Refuse(text, "has no host");
  url.host = std::string(host);
  return url;
}

}  // namespace pando
