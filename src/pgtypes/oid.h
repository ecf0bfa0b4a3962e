// The Oids of built-in types, which are the same in every PostgreSQL (src/include/catalog/pg_type.dat).
//
// Concurrency  immutable
#pragma once

#include <cstdint>

namespace pando::pgtypes {

using Oid = uint32_t;

namespace oid {

inline constexpr Oid kBool = 16;
inline constexpr Oid kBytea = 17;
inline constexpr Oid kName = 19;
inline constexpr Oid kInt8 = 20;
inline constexpr Oid kInt2 = 21;
inline constexpr Oid kInt4 = 23;
inline constexpr Oid kText = 25;
inline constexpr Oid kOid = 26;
inline constexpr Oid kJson = 114;
inline constexpr Oid kXml = 142;
inline constexpr Oid kFloat4 = 700;
inline constexpr Oid kFloat8 = 701;
inline constexpr Oid kUnknown = 705;
inline constexpr Oid kInt2Array = 1005;
inline constexpr Oid kInt4Array = 1007;
inline constexpr Oid kTextArray = 1009;
inline constexpr Oid kInt8Array = 1016;
inline constexpr Oid kBpchar = 1042;
inline constexpr Oid kVarchar = 1043;
inline constexpr Oid kDate = 1082;
inline constexpr Oid kTimestamp = 1114;
inline constexpr Oid kTimestamptz = 1184;
inline constexpr Oid kNumeric = 1700;
inline constexpr Oid kRecord = 2249;
inline constexpr Oid kVoid = 2278;
inline constexpr Oid kTrigger = 2279;
inline constexpr Oid kAnyElement = 2283;
inline constexpr Oid kUuid = 2950;
inline constexpr Oid kUuidArray = 2951;
inline constexpr Oid kTsvector = 3614;
inline constexpr Oid kJsonb = 3802;

}  // namespace oid
}  // namespace pando::pgtypes
