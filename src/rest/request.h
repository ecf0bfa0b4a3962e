// A REST request as a value: what is asked for, of which resource, in which form, on which conditions. ParseRequest()
// is pure: the same input gives the same Request or the same Error, and nothing is looked up.
//
// Concurrency  immutable once parsed
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rest/query.h"

namespace pando::rest {

// -------------------------------------------------------------------------------------------------------- resource

enum class Resource { kRoot, kRelation, kFunction };

enum class Action {
  kRead,      // GET, HEAD of a relation
  kInsert,    // POST (upsert with resolution=)
  kPut,       // PUT
  kUpdate,    // PATCH
  kDelete,    // DELETE
  kCall,      // GET, HEAD or POST of a function
  kInspect,   // GET, HEAD of the root: the OpenAPI document
  kDescribe,  // OPTIONS of anything
};

// ----------------------------------------------------------------------------------------------------- preferences

enum class PreferReturn { kMinimal, kHeadersOnly, kRepresentation };
enum class PreferCount { kExact, kPlanned, kEstimated };
enum class PreferResolution { kMergeDuplicates, kIgnoreDuplicates };
enum class PreferMissing { kDefault, kNull };
enum class PreferHandling { kStrict, kLenient };
enum class PreferTx { kCommit, kRollback };

// docs/rest.md section 21: the first value of a kind wins.
struct Preferences {
  std::optional<PreferReturn> return_;
  std::optional<PreferCount> count;
  std::optional<PreferResolution> resolution;
  std::optional<PreferMissing> missing;
  std::optional<PreferHandling> handling;
  std::optional<PreferTx> tx;  // only where the server allows the override
  std::optional<int64_t> max_affected;
  // How long the client is ready to wait (RFC 7240 section 4.3); the request is given up after it. Ours.
  std::optional<uint32_t> wait_seconds;
  std::optional<std::string> timezone;
  std::vector<std::string> invalid;  // what was not understood, in order, for PGRST122
};

// ----------------------------------------------------------------------------------------------------- media types

struct MediaType {
  enum class Kind {
    kAny,         // */*
    kJson,        // application/json, application/vnd.pgrst.array[+json] without parameters
    kJsonArray,   // application/vnd.pgrst.array[+json];nulls=stripped
    kJsonObject,  // application/vnd.pgrst.object[+json]
    kCsv,
    kGeoJson,
    kText,
    kXml,
    kOctetStream,
    kForm,
    kOpenApi,
    kPlan,   // application/vnd.pgrst.plan
    kOther,  // anything else, in `name`
  };
  Kind kind = Kind::kAny;
  std::string name;             // lower case, "type/subtype" without parameters
  std::string original;         // as written, without q: for messages
  bool nulls_stripped = false;  // of kJsonArray and kJsonObject
  // Of kPlan:
  bool plan_json = false;  // +json, else text
  std::string plan_for;    // for="...": the media type that is explained; empty means application/json
  bool plan_analyze = false, plan_verbose = false, plan_settings = false, plan_buffers = false, plan_wal = false;
};

// Accept as sent, ordered by q (descending) and then by position; absent or empty gives {*/*}. A type that cannot be
// parsed is kept as kOther with its text, so that it can be named in PGRST107 and never matches.
std::vector<MediaType> ParseAccept(std::optional<std::string_view> header);

// --------------------------------------------------------------------------------------------------------- payload

// The request body, checked but not converted: PostgreSQL reads `json` (or the raw text) as a parameter.
struct Payload {
  enum class Kind { kNone, kJsonArray, kJsonObject, kRaw };
  Kind kind = Kind::kNone;
  // kJsonArray, kJsonObject: the JSON text. A JSON body as sent; CSV as an array of objects of strings and nulls;
  // a form as one object of strings. A scalar JSON body is "[]" with kind kJsonArray; for a function it is kRaw, and
  // has no keys either. kRaw: the body's bytes.
  std::string text;
  MediaType::Kind media = MediaType::Kind::kJson;  // what the body was sent as
  // The keys of all objects (uniform unless `columns=` was given), sorted, without repetitions.
  std::vector<std::string> keys;
  // With `columns=`: not every element is an object that has all of them, or there are more than were kept.
  bool keys_differ = false;
  int64_t elements = 0;  // objects in the array; 1 for an object
  // kRaw, for a function: a JSON array whose elements are not all objects, or, without `columns=`, objects with
  // different keys. No arguments can be read from it.
  bool mixed = false;
  // A form keeps its pairs, so that a VARIADIC argument can take all values of a repeated key.
  std::vector<std::pair<std::string, std::string>> form;
};

// --------------------------------------------------------------------------------------------------------- request

struct Request {
  Resource resource = Resource::kRoot;
  std::string name;  // relation or function, decoded; empty at the root
  Action action = Action::kRead;
  bool head = false;  // HEAD: no body
  std::string method;
  std::string path;                // as sent, without the prefix: "/rpc/add" (for request.path: with it, serve adds)
  std::string schema;              // one of Options::schemas
  bool schema_negotiated = false;  // a profile header was sent, or several schemas are exposed: answer Content-Profile
  Preferences preferences;
  std::vector<MediaType> accept;
  Query query;
  Payload payload;
};

// What the caller takes from the HTTP message. Views must outlive the call only.
struct RawRequest {
  std::string_view method;
  std::string_view path;   // still percent-encoded, with the prefix
  std::string_view query;  // still percent-encoded, without '?'
  std::string_view body;
  // Header lookups: all values of a field name, in order (Prefer may repeat).
  std::function<std::vector<std::string_view>(std::string_view name)> headers;
  // The read of what a write with conditions is about: it has the write's query string, which the write itself answers
  // for, so that CheckHonoured() is left out.
  bool of_write = false;
  // The body is not there yet, and is left out: Request::payload stays empty.
  bool body_is_awaited = false;
};

// Every header that ParseRequest() asks for when the method is GET or HEAD: two such requests that agree in these, in
// path and in query mean the same. It asserts that it asks for no other.
inline constexpr std::array<std::string_view, 4> kReadHeaders = {"Accept", "Accept-Profile", "Prefer", "Range"};

struct ParseOptions {
  std::string prefix = "/rest/v1";  // "/" or "/a/b" without a trailing slash
  std::vector<std::string> schemas = {"public"};
  bool tx_override_allowed = false;  // else the tx preference is not even known
  uint32_t nesting_max = 100;        // depth of select embeds and logic trees; deeper is PGRST100
  uint32_t json_nesting_max = 1000;
};

// Whether the body of such a request is looked at.
bool HasPayload(const Request& request);

// Parses in the order that clients can observe (docs/rest.md section 30): path (PGRST125), schema (PGRST106), method
// (PGRST117, PGRST101), query string (PGRST100), range (PGRST103), what the method cannot honour (PANDO2012), body
// (PANDO2014, PGRST102).
//   the named errors, with the messages, details and hints of docs/rest.md
Result<Request> ParseRequest(const RawRequest& raw, const ParseOptions& options);

// The schema that the request's profile names, else the first of `schemas`, which are those that are exposed; for a
// request that has no other meaning.
const std::string& SchemaNamed(const RawRequest& raw, const std::vector<std::string>& schemas);

}  // namespace pando::rest
