#include "serve/cache_counts.h"

namespace pando::serve {

// These are in Cache-Status and the metrics: telemetry/metric_inventory.cc says how many there may be.
std::string_view Words(Uncacheable why) {
  switch (why) {
    case Uncacheable::kNo:
      return "";
    case Uncacheable::kNotATable:
      return "not a read of a table or view";
    case Uncacheable::kExcluded:
      return "a table is excluded";
    case Uncacheable::kUnpublished:
      return "the changes of a table do not come";
    case Uncacheable::kObserves:
      return "what it shows depends on more than its rows and the claims";
    case Uncacheable::kCounts:
      return "its count is an estimate";
    case Uncacheable::kForm:
      return "it has a form of its own";
    case Uncacheable::kFilter:
      return "a filter may depend on more than rows";
    case Uncacheable::kOrder:
      return "its order may depend on more than rows";
    case Uncacheable::kOutput:
      return "what it shows of a column may depend on more than rows";
    case Uncacheable::kEmbedJoin:
      return "an embed is by a function";
    case Uncacheable::kEmbedTable:
      return "it embeds what is no table";
    case Uncacheable::kSettings:
      return "it runs with settings of its own";
    case Uncacheable::kNoStream:
      return "the changes of the database do not come";
    case Uncacheable::kNoTriggers:
      return "changes of the schema cannot be seen without event triggers";
    case Uncacheable::kOtherDatabase:
      return "the change stream is not that of the database";
    case Uncacheable::kSchema:
      return "the schema is not known to be current";
    case Uncacheable::kStale:
      return "the change stream is behind";
    case Uncacheable::kOwnWrites:
      return "the change stream has not shown what the caller wrote";
    case Uncacheable::kFirstSight:
      return "its like was not asked for before";
  }
  return "";
}

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
