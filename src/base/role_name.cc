#include "base/role_name.h"

namespace pando {

bool IsRoleName(std::string_view text) {
  constexpr size_t kBytesMax = 63;
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  return text.size() <= kBytesMax && text != "none" && text.find('\0') == std::string_view::npos &&
         text.find_first_not_of(kBlanks) != std::string_view::npos;
}

}  // namespace pando
