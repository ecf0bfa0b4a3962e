#include "introspect/footprint_rules.h"

#include <algorithm>
#include <array>

namespace pando::introspect {
namespace {

constexpr Footprint kObserves = {catalog::Observed::kEverything, false};

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

template <size_t N>
bool IsOneOf(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::span<const std::string_view> WatchedBuiltIns() { return kWatched; }

Footprint JudgeBuiltIn(std::string_view name, bool is_volatile) {
  if (IsOneOf(kRunningStatements, name)) return kUnknown;
  if (IsOneOf(kObserving, name)) return kObserves;
  if (is_volatile && !IsOneOf(kHarmlessVolatile, name)) return kUnknown;
  return kHarmless;
}

Footprint JudgeOfExtension(std::string_view extension, std::string_view name, std::string_view language,
                           bool is_volatile) {
  const bool is_plain = language == "c" || language == "internal" || language == "sql";
  if (!is_plain || !IsOneOf(kPureExtensions, extension) || IsOneOf(kImpureOfExtensions, name)) return kUnknown;
  if (is_volatile && !IsOneOf(kHarmlessVolatileOfExtensions, name)) return kUnknown;
  return kHarmless;
}

}  // namespace pando::introspect
