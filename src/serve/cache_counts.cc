#include "serve/cache_counts.h"

namespace pando::serve {

// These are in Cache-Status and the metrics: telemetry/metric_inventory.cc says how many there may be.
std::string_view Words(Uncacheable why) {
  switch (why) {
    case Uncacheable::kNo:
      return "";
    case Uncacheable::kNotATable:
      return "not a read of a table";
    case Uncacheable::kUnpublished:
      return "the changes of a table are not published";
    case Uncacheable::kNotPlainTable:
      return "a table has parents or children";
    case Uncacheable::kObserves:
      return "what it shows depends on more than its rows and the claims";
    case Uncacheable::kCounts:
      return "it depends on rows that it does not show";
    case Uncacheable::kPrintedByDatabase:
      return "the database prints it";
    case Uncacheable::kFilter:
      return "a filter of it is not plain";
    case Uncacheable::kOrder:
      return "its order is not plain";
    case Uncacheable::kEmbedKind:
      return "an embed filters, spreads or shows nothing";
    case Uncacheable::kEmbedJoin:
      return "an embed is not by one column";
    case Uncacheable::kEmbedTable:
      return "it embeds no plain table";
    case Uncacheable::kEmbedsEmbed:
      return "an embed embeds";
    case Uncacheable::kEmbedOutput:
      return "an embed shows more than columns";
    case Uncacheable::kNoStream:
      return "the changes of the database do not come";
    case Uncacheable::kStale:
      return "the change stream is behind";
    case Uncacheable::kOwnWrites:
      return "the change stream has not shown what the caller wrote";
    case Uncacheable::kFirstSight:
      return "its like was not asked for before";
    case Uncacheable::kAlone:
      return "it has not been quick so far";
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
