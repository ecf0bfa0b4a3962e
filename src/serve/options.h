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
  visit.Option(
      "rest.prefix", o.prefix, Reload::kRestart,
      "Path under which the REST API answers: /rest/v1 for Supabase's clients, / for plain PostgREST clients.");
  visit.Option("rest.schemas", o.schemas, Reload::kLive,
               "Database schemas that the API exposes. The first is the default; a request chooses another one with "
               "Accept-Profile or Content-Profile.");
  visit.Option(
      "rest.extra_search_path", o.extra_search_path, Reload::kLive,
      "Schemas added to the search path after the request's schema, for functions and types that are not exposed.");
  visit.Option("rest.max_rows", o.max_rows, Range<uint32_t>{0, 2'000'000'000}, Reload::kLive,
               "Most rows in one response, and most rows of each to-many embed in it. Unset means no limit: one "
               "request can then read a whole table.");
  visit.Option("rest.tx_end", o.tx_end,
               OneOf{{"commit", "commit-allow-override", "rollback", "rollback-allow-override"}}, Reload::kLive,
               "How transactions end. commit keeps what a request writes; rollback undoes it, for tests. With "
               "-allow-override a request may choose by Prefer: tx=.");
  visit.Option("rest.aggregates_enabled", o.aggregates_enabled, Reload::kLive,
               "Whether select= may hold aggregate functions. A client can then make the database read whole tables.");
  visit.Option("rest.plan_enabled", o.plan_enabled, Reload::kLive,
               "Whether a client may see execution plans, with Accept: application/vnd.pgrst.plan. Keep it off on "
               "public servers: plans show how the database works inside.");
  visit.Option("rest.legacy_target_names", o.legacy_target_names, Reload::kLive,
               "Whether filters may also address an aliased embed by the name of its relation. Such a response has a "
               "Warning header.");
  visit.Option("rest.pre_request", o.pre_request, Reload::kLive,
               "Function that Pando calls before the statement of each request, in its transaction. It may raise an "
               "error or set the role. With it no response is cached.");
  visit.Option("rest.pre_config", o.pre_config, Reload::kLive,
               "Function that Pando calls when it reads options from the database, so that the function can set "
               "pgrst.* settings.");
  visit.Option("rest.root_spec", o.root_spec, Reload::kLive,
               "Function that answers the root path instead of the OpenAPI document.");
  visit.Option("rest.openapi_mode", o.openapi_mode, OneOf{{"follow-privileges", "ignore-privileges", "disabled"}},
               Reload::kLive,
               "What the OpenAPI document at the root path shows. follow-privileges: what the role may use; "
               "ignore-privileges: everything; disabled: there is no document.");
  visit.Option("rest.openapi_security_active", o.openapi_security_active, Reload::kLive,
               "Whether the OpenAPI document describes the header that carries the JWT.");
  visit.Option("rest.openapi_server_proxy_uri", o.openapi_server_proxy_uri, Reload::kLive,
               "Public address of the API for the OpenAPI document, when a proxy stands in front of Pando.");
  visit.Option("rest.cors_allowed_origins", o.cors_allowed_origins, Reload::kLive,
               "Origins whose pages may call the API from a browser. Empty allows every origin, without credentials.");
  visit.Option("rest.trace_header", o.trace_header, Reload::kLive,
               "Request header that the response repeats, for tracing.");
  visit.Option("rest.server_timing_enabled", o.server_timing_enabled, Reload::kLive,
               "Whether a Server-Timing header in the response says how long each step of the request took.");
  visit.Option(
      "rest.max_age_relations", o.max_age_relations, Reload::kLive,
      "Relations whose responses browsers and proxies may reuse for rest.max_age without asking again, each as NAME or "
      "SCHEMA.NAME. Responses of other relations may be kept, and must be revalidated before each use.");
  visit.Option("rest.max_age", o.max_age, Range<milliseconds>{std::chrono::seconds(1), std::chrono::hours(24 * 365)},
               Reload::kLive,
               "Time for which browsers and proxies may reuse responses of rest.max_age_relations. Such a response may "
               "be out of date for so long, whatever Pando's own cache knows.");
  visit.Option("rest.client_error_verbosity", o.client_error_verbosity, OneOf{{"verbose", "postgrest", "minimal"}},
               Reload::kLive,
               "Fields of an error body. verbose: all four, with the GRANT that the role lacks as a hint; postgrest: "
               "all four, as PostgREST has them; minimal: code and message.");
  visit.Option("rest.app_settings", o.app_settings, Reload::kLive,
               "Settings that functions and policies can read as app.settings.NAME.");
}

}  // namespace pando::serve
