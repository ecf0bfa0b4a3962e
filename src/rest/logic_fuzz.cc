// Any text is a logic tree or PGRST100; a tree has children wherever it branches.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "rest/logic_parser.h"

namespace {

bool IsComplete(const pando::rest::Logic& logic) {
  if (logic.kind == pando::rest::Logic::Kind::kFilter) return logic.children.empty();
  if (logic.children.empty()) return false;
  for (const pando::rest::Logic& child : logic.children) {
    if (!IsComplete(child)) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto logic = pando::rest::ParseLogic("or", text, 100);
  PANDO_ASSERT(logic ? IsComplete(logic->value) : logic.error().code() == "PGRST100");
  return 0;
}
