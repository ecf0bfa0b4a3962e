#include "cache/rules.h"

#ifdef PANDO_TEST_HOOKS

#include <cstdlib>
#include <string>
#include <string_view>

namespace pando::cache {
namespace {

constexpr std::string_view kNames[] = {"fill_check", "row_tags",   "equality_tags", "any_change_tags", "embed_tags",
                                       "view_tags",  "whole_tags", "hold",          "fingerprint",     "visible_from",
                                       "staleness",  "own_writes", "claims",        "observes",        "varies",
                                       "identity",   "publication"};

// A bit for each rule that is off.
uint32_t RulesOff() {
  const char* const named = std::getenv("CACHE_RULES_OFF");
  const std::string list = "," + std::string(named ? named : "") + ",";
  uint32_t off = 0;
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (list.find("," + std::string(kNames[i]) + ",") != std::string::npos) off |= uint32_t{1} << i;
  }
  return off;
}

}  // namespace

bool Holds(Rule rule) {
  static const uint32_t off = RulesOff();
  return (off >> static_cast<unsigned>(rule) & 1) == 0;
}

}  // namespace pando::cache

#endif
