// The options of the REST API: PostgREST's settings under our names.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/option.h"

namespace pando::serve {

struct RestOptions {
  std::string prefix = "/rest/v1";
  std::vector<std::string> schemas = {"public"};
  std::vector<std::string> extra_search_path = {"public"};
  std::optional<uint32_t> max_rows;
  std::string tx_end = "commit";
  bool aggregates_enabled = false;
  bool plan_enabled = false;
  bool legacy_target_names = true;
  std::optional<std::string> pre_request;
  std::optional<std::string> pre_config;
  std::optional<std::string> root_spec;
  std::string openapi_mode = "follow-privileges";
  bool openapi_security_active = false;
  std::optional<std::string> openapi_server_proxy_uri;
  std::vector<std::string> cors_allowed_origins;
  std::optional<std::string> trace_header;
  bool server_timing_enabled = false;
  std::vector<std::string> max_age_relations;
  milliseconds max_age = std::chrono::minutes(1);
  std::string client_error_verbosity = "verbose";
  std::map<std::string, std::string> app_settings;
};

template <class Visitor>
void Describe(Visitor& visit, RestOptions& o) {
  visit.Option("rest.prefix", o.prefix, Reload::kRestart,
               "Path under which the REST API answers: / for plain PostgREST clients, /rest/v1 for Supabase's.");
  visit.Option("rest.schemas", o.schemas, Reload::kLive,
               "Database schemas that the API exposes; the first is the default, the others are chosen by "
               "Accept-Profile and Content-Profile.");
  visit.Option("rest.extra_search_path", o.extra_search_path, Reload::kLive,
               "Schemas added to the search path behind the request's, for functions and types that are not exposed.");
  visit.Option("rest.max_rows", o.max_rows, Range<uint32_t>{0, 2'000'000'000}, Reload::kLive,
               "Most rows that one read answers, and most rows of each to-many embed; unset means no cap.");
  visit.Option("rest.tx_end", o.tx_end,
               OneOf{{"commit", "commit-allow-override", "rollback", "rollback-allow-override"}}, Reload::kLive,
               "How transactions end, and whether a request may choose with Prefer: tx=; rollback is for tests.");
  visit.Option("rest.aggregates_enabled", o.aggregates_enabled, Reload::kLive,
               "Allow aggregate functions in select=; a caller can then make the database read whole tables.");
  visit.Option("rest.plan_enabled", o.plan_enabled, Reload::kLive,
               "Allow Accept: application/vnd.pgrst.plan, which shows execution plans; not for public servers.");
  visit.Option("rest.legacy_target_names", o.legacy_target_names, Reload::kLive,
               "Let filters address an aliased embed by its relation's name too, with a Warning header.");
  visit.Option("rest.pre_request", o.pre_request, Reload::kLive,
               "Function called before each request's statement, in its transaction; it may raise or set the role.");
  visit.Option("rest.pre_config", o.pre_config, Reload::kLive,
               "Function called when configuration is read from the database, to set pgrst.* settings for it.");
  visit.Option("rest.root_spec", o.root_spec, Reload::kLive,
               "Function that answers the root path instead of the OpenAPI document.");
  visit.Option("rest.openapi_mode", o.openapi_mode, OneOf{{"follow-privileges", "ignore-privileges", "disabled"}},
               Reload::kLive,
               "What the OpenAPI document at the root shows: what the role may use, everything, nothing.");
  visit.Option("rest.openapi_security_active", o.openapi_security_active, Reload::kLive,
               "Describe the JWT header in the OpenAPI document.");
  visit.Option("rest.openapi_server_proxy_uri", o.openapi_server_proxy_uri, Reload::kLive,
               "Public address of the API for the OpenAPI document, when a proxy stands in front.");
  visit.Option("rest.cors_allowed_origins", o.cors_allowed_origins, Reload::kLive,
               "Origins that browsers may call from; empty allows every origin, without credentials.");
  visit.Option("rest.trace_header", o.trace_header, Reload::kLive,
               "Request header that is echoed in the response, for tracing.");
  visit.Option("rest.server_timing_enabled", o.server_timing_enabled, Reload::kLive,
               "Tell in a Server-Timing header where a request's time went.");
  visit.Option(
      "rest.max_age_relations", o.max_age_relations, Reload::kLive,
      "Relations whose answers browsers and proxies may keep for rest.max_age without asking again, as NAME or "
      "SCHEMA.NAME; the answers of all others they may keep, and must revalidate.");
  visit.Option("rest.max_age", o.max_age, Range<milliseconds>{std::chrono::seconds(1), std::chrono::hours(24 * 365)},
               Reload::kLive, "How long that is: so stale may such an answer be, whatever Pando's own cache knows.");
  visit.Option("rest.client_error_verbosity", o.client_error_verbosity, OneOf{{"verbose", "postgrest", "minimal"}},
               Reload::kLive,
               "Fields of an error body: all four, with the GRANT that a caller lacks as a hint; all four as PostgREST "
               "has them; or code and message only.");
  visit.Option("rest.app_settings", o.app_settings, Reload::kLive,
               "Settings named app.settings.NAME that functions and policies can read.");
}

}  // namespace pando::serve
