#include "telemetry/cache_bypass.h"

#include <array>

#include "base/assert.h"

namespace pando::telemetry {
namespace {

using enum CacheBypass;

// In the order of CacheBypass: RowOf() indexes.
constexpr auto kRows = std::to_array<CacheBypassRow>({
    {kNo, "", ""},
    {kNotATable, "not_a_table", "only reads of tables and views are cached"},
    {kExcluded, "excluded_table", "cache.excluded_relations names a table of this read"},
    {kUnpublished, "not_published", "the change stream does not carry the changes of a table of this read"},
    {kObserves, "volatile_expression",
     "a view, policy or function of this read uses more than rows and claims, such as the time or a header"},
    {kCounts, "estimated_count", "the count is an estimate"},
    {kForm, "response_form", "responses of this media type, and those whose headers a function sets, are not cached"},
    {kFilter, "unproven_filter", "the result of a filter may depend on more than rows"},
    {kOrder, "unproven_order", "the order may depend on more than rows"},
    {kOutput, "unproven_output", "the text of a selected column may depend on more than rows"},
    {kEmbedJoin, "computed_embed", "a function computes an embed"},
    {kEmbedTable, "embed_not_a_table", "an embed reads something other than a table or view"},
    {kSettings, "own_settings",
     "the request needs settings of its own, for example for rest.pre_request or Prefer: timezone"},
    {kNoStream, "no_stream", "the change stream of the database is not set up; the log says why"},
    {kNoTriggers, "no_event_triggers", "without event triggers Pando cannot see changes of the schema"},
    {kOtherDatabase, "other_database", "database.url and changes.url do not reach the primary of the same database"},
    {kSchema, "unknown_schema", "the schema may have changed since Pando last read it"},
    {kStale, "stale_stream", "the change stream is broken, or older than cache.staleness_max"},
    {kOwnWrites, "own_write", "the change stream has not delivered the last write of this client yet"},
    {kFirstSight, "first_request", "this event loop has not seen a request of this form before"},
});

constexpr bool InOrder() {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].bypass != static_cast<CacheBypass>(i)) return false;
  }
  return true;
}
static_assert(InOrder());
static_assert(kRows.size() == kCacheBypassCount);

}  // namespace

const CacheBypassRow& RowOf(CacheBypass bypass) {
  PANDO_ASSERT(static_cast<size_t>(bypass) < kRows.size());
  return kRows[static_cast<size_t>(bypass)];
}

std::span<const CacheBypassRow> AllCacheBypasses() { return std::span(kRows).subspan(1); }

}  // namespace pando::telemetry
