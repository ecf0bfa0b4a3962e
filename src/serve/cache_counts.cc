#include "serve/cache_counts.h"

namespace pando::serve {

std::string_view Words(Uncacheable why) { return telemetry::RowOf(why).detail; }

std::string_view Label(Unproven why) {
  switch (why) {
    case Unproven::kFailed:
      return "failed";
    case Unproven::kAlone:
      return "alone";
    case Unproven::kReplica:
      return "replica";
    case Unproven::kSchema:
      return "schema";
    case Unproven::kPublished:
      return "published";
  }
  return "";
}

}  // namespace pando::serve
