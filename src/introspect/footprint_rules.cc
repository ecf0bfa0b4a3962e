#include "introspect/footprint_rules.h"

#include <algorithm>
#include <array>

#include "catalog/observed.h"

namespace pando::introspect {
namespace {

constexpr Footprint kVaries = {
    .observes = catalog::Observed::kNothing, .claims = 0, .leaves_traces = false, .varies = true, .folds = false};

// Read settings, role, search path or the session's own objects.
constexpr auto kObserving = std::to_array<std::string_view>({
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_user",
    "get_current_ts_config",
    "getpgusername",
    "has_any_column_privilege",
    "has_column_privilege",
    "has_database_privilege",
    "has_foreign_data_wrapper_privilege",
    "has_function_privilege",
    "has_language_privilege",
    "has_largeobject_privilege",
    "has_parameter_privilege",
    "has_schema_privilege",
    "has_sequence_privilege",
    "has_server_privilege",
    "has_table_privilege",
    "has_tablespace_privilege",
    "has_type_privilege",
    "pg_collation_is_visible",
    "pg_conversion_is_visible",
    "pg_cursor",
    "pg_function_is_visible",
    "pg_has_role",
    "pg_is_other_temp_schema",
    "pg_my_temp_schema",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_opfamily_is_visible",
    "pg_prepared_statement",
    "pg_show_all_settings",
    "pg_statistics_obj_is_visible",
    "pg_table_is_visible",
    "pg_ts_config_is_visible",
    "pg_ts_dict_is_visible",
    "pg_ts_parser_is_visible",
    "pg_ts_template_is_visible",
    "pg_type_is_visible",
    "row_security_active",
    "session_user",
    "txid_current",
    "txid_current_if_assigned",
    "pg_current_xact_id",
    "pg_current_xact_id_if_assigned",
});

// Run statements of their own over whatever relations they are told: views and policies of those may do anything.
constexpr auto kRunningStatements = std::to_array<std::string_view>({
    "database_to_xml",
    "database_to_xml_and_xmlschema",
    "database_to_xmlschema",
    "schema_to_xml",
    "schema_to_xml_and_xmlschema",
    "schema_to_xmlschema",
    "table_to_xml",
    "table_to_xml_and_xmlschema",
    "table_to_xmlschema",
});

// VOLATILE, and all they leave is a number drawn. What nextval leaves behind is what an identity column leaves behind:
// lastval() and currval() of the session, which only functions can ask for that are not harmless themselves.
constexpr auto kHarmlessVolatile = std::to_array<std::string_view>({
    "clock_timestamp",
    "gen_random_uuid",
    "nextval",
    "pg_sleep",
    "random",
    "random_normal",
    "suppress_redundant_updates_trigger",
    "timeofday",
    "tsvector_update_trigger",
    "tsvector_update_trigger_column",
    "uuidv4",
    "uuidv7",
});

// STABLE for the time zone, for the settings by which values are printed, or for the functions of their arguments'
// types, all of which are the same for everyone of a role: what they give is decided by their arguments.
constexpr auto kDetermined = std::to_array<std::string_view>({
    "anytextcat",
    "array_agg",
    "array_to_json",
    "array_to_string",
    "concat",
    "concat_ws",
    "date",
    "date_part",
    "date_trunc",
    "extract",
    "format",
    "json_agg",
    "json_build_array",
    "json_build_object",
    "json_object_agg",
    "jsonb_agg",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object_agg",
    "quote_literal",
    "quote_nullable",
    "row_to_json",
    "string_agg",
    "textanycat",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "timezone",
    "to_json",
    "to_jsonb",
});

// Extensions whose functions in C and SQL are pure but where the VOLATILE label or the lists below say otherwise (what
// they have in PL/pgSQL administers). One that is not
// named costs a connection clean-up and never safety; dblink, tablefunc and xml2, whose STABLE functions run any
// statement they are given, must stay out.
constexpr auto kPureExtensions = std::to_array<std::string_view>({
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "earthdistance",
    "fuzzystrmatch",
    "hstore",
    "intarray",
    "isn",
    "ltree",
    "pg_trgm",
    "pgcrypto",
    "postgis",
    "seg",
    "unaccent",
    "uuid-ossp",
    "vector",
});

// isn_weak is labelled IMMUTABLE and switches a mode of the session.
constexpr auto kImpureOfExtensions = std::to_array<std::string_view>({"isn_weak"});

constexpr auto kHarmlessVolatileOfExtensions = std::to_array<std::string_view>({
    "gen_random_bytes",
    "gen_random_uuid",
    "gen_salt",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
});

constexpr auto kWatched = [] {
  std::array<std::string_view, kObserving.size() + kRunningStatements.size()> all;
  std::copy(kObserving.begin(), kObserving.end(), all.begin());
  std::copy(kRunningStatements.begin(), kRunningStatements.end(), all.begin() + kObserving.size());
  return all;
}();

// What compares or adds dates and times with and without a zone is as those above.
bool IsZonedOperator(std::string_view name) {
  const bool is_zoned = name.starts_with("timestamptz_") || name.find("_timestamptz") != std::string_view::npos;
  return is_zoned && !name.ends_with("_in") && !name.ends_with("_recv");
}

template <size_t N>
bool IsOneOf(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::span<const std::string_view> WatchedBuiltIns() { return kWatched; }

Volatility VolatilityOf(char label) {
  if (label == 'i') return Volatility::kImmutable;
  return label == 's' ? Volatility::kStable : Volatility::kVolatile;
}

Footprint JudgeBuiltIn(std::string_view name, Volatility volatility) {
  if (IsOneOf(kRunningStatements, name)) return kUnknown;
  if (IsOneOf(kObserving, name)) return kObserves;
  if (volatility == Volatility::kVolatile) return IsOneOf(kHarmlessVolatile, name) ? kVaries : kUnknown;
  const bool is_determined =
      volatility == Volatility::kImmutable || IsOneOf(kDetermined, name) || IsZonedOperator(name);
  return is_determined ? kHarmless : kVaries;
}

Footprint JudgeOfExtension(std::string_view extension, std::string_view name, std::string_view language,
                           Volatility volatility) {
  const bool is_plain = language == "c" || language == "internal" || language == "sql";
  if (!is_plain || !IsOneOf(kPureExtensions, extension) || IsOneOf(kImpureOfExtensions, name)) return kUnknown;
  if (volatility == Volatility::kImmutable) return kHarmless;
  return volatility == Volatility::kStable || IsOneOf(kHarmlessVolatileOfExtensions, name) ? kVaries : kUnknown;
}

}  // namespace pando::introspect
