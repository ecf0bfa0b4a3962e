#include "serve/answer.h"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <limits>

#include "base/ascii.h"
#include "rest/percent.h"
#include "serve/errors.h"
#include "serve/openapi_names.h"
#include "serve/response_settings.h"
#include "serve/row_printer.h"

namespace pando::serve {
namespace {

using rest::Action;

constexpr uint32_t kByteaType = 17;  // pg_type.dat

Error Unexpected(const char* what) {
  return Error(ErrorId::kProtocol, std::string("the database answered without ") + what);
}

bool ParseNumber(std::optional<std::string_view> text, int64_t& number) {
  if (!text) return false;
  auto [at, failure] = std::from_chars(text->data(), text->data() + text->size(), number);
  return failure == std::errc() && at == text->data() + text->size();
}

// PostgreSQL documentation, 8.4.2: bytea_output = escape. A byte that is no printable character is a backslash and
// three octal digits; a backslash is two.
std::string DecodeEscaped(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  const auto digit = [&](size_t at) { return at < text.size() ? text[at] - '0' : 0; };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      bytes += text[++i];
    } else {
      bytes += static_cast<char>(digit(i + 1) << 6 | digit(i + 2) << 3 | digit(i + 3));
      i += 3;
    }
  }
  return bytes;
}

// A bytea arrives as "\x..." (bytea_output is hex on our connections), unless a function has set bytea_output for the
// rest of its transaction. The other form never begins so.
std::string DecodeBytea(std::string_view text) {
  if (!text.starts_with("\\x")) return DecodeEscaped(text);
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 2; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(HexValue(text[i]) << 4 | HexValue(text[i + 1]));
  }
  return bytes;
}

Result<void> ReadExplained(const pg::Rows& rows, Outcome& outcome) {
  for (int i = 0; i < rows.size(); ++i) {
    if (i > 0) outcome.body += '\n';
    outcome.body += rows.Get(i, 0).value_or("");
  }
  outcome.page = 1;
  return {};
}

std::optional<std::string> TextAt(const pg::Rows& rows, int column) {
  if (column < 0) return std::nullopt;
  auto text = rows.Get(0, column);
  if (!text) return std::nullopt;
  return std::string(*text);
}

Result<std::vector<std::optional<std::string>>> ReadLocation(const std::string& json) {
  boost::json::error_code failure;
  const boost::json::value value = boost::json::parse(json, failure);
  if (failure || !value.is_array()) return Unexpected("the key of the new row");
  std::vector<std::optional<std::string>> key;
  for (const auto& part : value.get_array()) {
    key.push_back(part.is_string() ? std::optional<std::string>(part.get_string()) : std::nullopt);
  }
  return key;
}

// ------------------------------------------------------------------------------------------------------------ ranges

std::string ContentRange(int64_t first, int64_t rows, std::optional<int64_t> total) {
  constexpr size_t kNumbersMax = 3 * (std::numeric_limits<int64_t>::digits10 + 2);
  std::array<char, kNumbersMax + 2> text;
  char* to = text.data();
  const auto write = [&](int64_t number) { to = std::to_chars(to, text.data() + text.size(), number).ptr; };
  const bool none = rows == 0 || (total && *total == 0);
  if (none) {
    *to++ = '*';
  } else {
    write(first);
    *to++ = '-';
    write(first + rows - 1);
  }
  *to++ = '/';
  if (total) {
    write(*total);
  } else {
    *to++ = '*';
  }
  return std::string(text.data(), to);
}

// The answer may show fewer, where it groups them.
int64_t RowsWritten(const Outcome& outcome) { return outcome.affected.value_or(outcome.page); }

bool IsWrite(Action action) {
  return action == Action::kInsert || action == Action::kPut || action == Action::kUpdate || action == Action::kDelete;
}

// A write counts the rows that it wrote, and estimates none. The answer to a PUT has no range to say it in.
bool IsCountHonoured(rest::PreferCount count, Action action) {
  return !IsWrite(action) || (count == rest::PreferCount::kExact && action != Action::kPut);
}

std::string PreferenceApplied(const rest::Request& request, const plan::Plan& plan, const AnswerOptions& options) {
  const rest::Preferences& p = request.preferences;
  std::string applied;
  const auto add = [&](const std::string& text) { applied += (applied.empty() ? "" : ", ") + text; };
  const bool upserts = plan.mutation && request.action == Action::kInsert && !plan.mutation->conflict.empty();
  if (p.resolution && upserts) {
    add(*p.resolution == rest::PreferResolution::kMergeDuplicates ? "resolution=merge-duplicates"
                                                                  : "resolution=ignore-duplicates");
  }
  if (p.missing && (request.action == Action::kInsert || request.action == Action::kUpdate)) {
    add(*p.missing == rest::PreferMissing::kDefault ? "missing=default" : "missing=null");
  }
  if (p.return_ && IsWrite(request.action)) {
    switch (*p.return_) {
      case rest::PreferReturn::kMinimal:
        add("return=minimal");
        break;
      case rest::PreferReturn::kHeadersOnly:
        add("return=headers-only");
        break;
      case rest::PreferReturn::kRepresentation:
        add("return=representation");
        break;
    }
  }
  if (p.count && IsCountHonoured(*p.count, request.action)) {
    add(*p.count == rest::PreferCount::kExact     ? "count=exact"
        : *p.count == rest::PreferCount::kPlanned ? "count=planned"
                                                  : "count=estimated");
  }
  if (p.tx && options.tx_override_allowed) add(*p.tx == rest::PreferTx::kCommit ? "tx=commit" : "tx=rollback");
  if (p.handling) add(*p.handling == rest::PreferHandling::kStrict ? "handling=strict" : "handling=lenient");
  if (p.timezone) add("timezone=" + *p.timezone);
  if (p.max_affected && p.handling == rest::PreferHandling::kStrict) {
    add("max-affected=" + std::to_string(*p.max_affected));
  }
  if (p.wait_seconds) add("wait=" + std::to_string(*p.wait_seconds));
  return applied;
}

class Answer {
 public:
  Answer(Outcome& outcome, const rest::Request& request, const plan::Plan& plan, const AnswerOptions& options,
         http::Response& response)
      : outcome_(outcome), request_(request), plan_(plan), options_(options), response_(response) {}

  Result<void> Make() {
    constexpr size_t kFieldsUsual = 8, kFieldBytesUsual = 512;
    response_.headers.Reserve(kFieldsUsual, kFieldBytesUsual);
    if (plan_.media.explain) {
      TakeBody();
      AddCommonHeaders();
      return {};
    }
    switch (request_.action) {
      case Action::kInsert:
        MakeInsert();
        break;
      case Action::kPut:
        MakePut();
        break;
      case Action::kUpdate:
        MakeUpdateOrDelete(0);
        break;
      case Action::kDelete:
        MakeUpdateOrDelete(-1);
        break;
      default:
        PANDO_CHECK(MakeRead());
    }
    AddCommonHeaders();
    return ApplyResponseSettings(outcome_.headers_setting, outcome_.status_setting, response_);
  }

 private:
  Result<void> MakeRead() {
    const int64_t first = plan_.read.offset;
    response_.headers.Add("Content-Range", ContentRange(first, outcome_.page, outcome_.total));
    if (request_.action == Action::kRead) {
      const std::string_view mark = options_.canonical.empty() ? "" : "?";
      response_.headers.Add("Content-Location", {options_.prefix, request_.path, mark, options_.canonical});
    }
    const bool no_value = plan_.call && plan_.call->function->returns_void;
    if (no_value) {
      response_.status = 204;
      outcome_.body.clear();
    } else {
      TakeBody();
    }
    // One value of all rows is whole, however little of it the window shows.
    if (!outcome_.total || plan::IsOneGroup(plan_.read)) return {};
    if (first > *outcome_.total) {
      const Error error =
          Error(ErrorId::kInvalidRange, "Requested range not satisfiable")
              .WithDetail("An offset of " + std::to_string(first) + " was requested, but there are only " +
                          std::to_string(*outcome_.total) + " rows.");
      http::Response refusal = RenderError(error, ErrorContext{false, options_.minimal_errors});
      // The headers of the read are kept, with the total that would have told.
      response_.headers.Set("Content-Range", "*/" + std::to_string(*outcome_.total));
      response_.headers.Set("Content-Type", *refusal.headers.Find("Content-Type"));
      response_.headers.Set("Proxy-Status", *refusal.headers.Find("Proxy-Status"));
      response_.status = refusal.status;
      response_.body = std::move(refusal.body);
      is_error_ = true;
    } else if (outcome_.page < *outcome_.total && response_.status == 200) {
      response_.status = 206;
    }
    return {};
  }

  void MakeInsert() {
    const bool all_updated = outcome_.inserted && *outcome_.inserted <= 0;
    response_.status = all_updated ? 200 : 201;
    AddLocation();
    response_.headers.Add("Content-Range", ContentRange(0, 0, CountedRows()));
    if (plan_.representation) TakeBody();
  }

  void MakePut() {
    if (!plan_.representation) {
      response_.status = 204;
      return;
    }
    response_.status = outcome_.inserted.value_or(0) > 0 ? 201 : 200;
    TakeBody();
  }

  // `first`: where the range begins, or negative for none.
  void MakeUpdateOrDelete(int64_t first) {
    response_.status = plan_.representation ? 200 : 204;
    response_.headers.Add("Content-Range", ContentRange(0, first < 0 ? 0 : RowsWritten(outcome_), CountedRows()));
    if (plan_.representation) TakeBody();
  }

  std::optional<int64_t> CountedRows() const {
    if (plan_.count != plan::Count::kExact) return std::nullopt;
    return RowsWritten(outcome_);
  }

  void AddLocation() {
    const auto& columns = plan_.mutation->location;
    if (columns.empty() || outcome_.location.size() != columns.size() || outcome_.page != 1) return;
    std::string location = options_.prefix + request_.path + "?";
    for (size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) location += '&';
      const auto& value = outcome_.location[i];
      rest::AppendPercentEncoded(FilterName(columns[i]), location);
      location += value ? "=eq." : "=is.null";
      if (value) rest::AppendPercentEncoded(*value, location);
    }
    response_.headers.Add("Location", location);
  }

  void TakeBody() {
    response_.headers.Add("Content-Type", plan_.media.content_type);
    response_.body = std::move(outcome_.body);
    has_body_type_ = true;
  }

  void AddCommonHeaders() {
    if (request_.schema_negotiated && has_body_type_ && !is_error_) {
      response_.headers.Add("Content-Profile", request_.schema);
    }
    const std::string applied = is_error_ ? "" : PreferenceApplied(request_, plan_, options_);
    if (!applied.empty()) response_.headers.Add("Preference-Applied", applied);
    for (const std::string& warning : plan_.warnings) {
      response_.headers.Add("Warning", {"299 pando/0.1 \"", warning, "\""});
    }
  }

  Outcome& outcome_;
  const rest::Request& request_;
  const plan::Plan& plan_;
  const AnswerOptions& options_;
  http::Response& response_;
  bool has_body_type_ = false;
  bool is_error_ = false;
};

}  // namespace

Result<void> ReadOutcome(const pg::Rows& rows, const sql::ResultShape& shape, Outcome& outcome) {
  if (shape.explain) return ReadExplained(rows, outcome);
  if (rows.size() != 1) return Unexpected("its one row");
  if (!ParseNumber(rows.Get(0, shape.page), outcome.page)) return Unexpected("the number of rows");
  outcome.body = rows.Get(0, shape.body).value_or("");
  if (rows.type(shape.body) == kByteaType) outcome.body = DecodeBytea(outcome.body);
  int64_t number = 0;
  if (shape.total >= 0 && ParseNumber(rows.Get(0, shape.total), number)) outcome.total = number;
  if (shape.affected >= 0 && ParseNumber(rows.Get(0, shape.affected), number)) outcome.affected = number;
  if (shape.inserted >= 0 && ParseNumber(rows.Get(0, shape.inserted), number)) outcome.inserted = number;
  if (auto location = TextAt(rows, shape.location)) {
    PANDO_TRY(outcome.location, ReadLocation(*location));
  }
  outcome.headers_setting = TextAt(rows, shape.headers);
  outcome.status_setting = TextAt(rows, shape.status);
  return {};
}

bool PrintOutcome(const pg::Rows& rows, const plan::Plan& plan, RowPrinter& printer, RowKeys* keys, Outcome& outcome) {
  outcome.page = rows.size();
  if (plan.count != plan::Count::kNone && plan.count != plan::Count::kPlanned) outcome.total = outcome.page;
  const bool as_object = plan.media.format == plan::Media::Format::kObject;
  // More rows or none are an error of an object.
  if (as_object && outcome.page != 1) return true;
  std::optional<std::string> body = printer.Print(rows, as_object, keys);
  if (!body) return false;
  outcome.body = std::move(*body);
  return true;
}

Result<int64_t> ReadEstimate(const pg::Rows& rows) {
  boost::json::error_code failure;
  if (rows.size() < 1 || !rows.Get(0, 0)) return Unexpected("an estimate");
  const boost::json::value plan = boost::json::parse(*rows.Get(0, 0), failure);
  if (failure) return Unexpected("an estimate");
  const auto* number = plan.find_pointer("/0/Plan/Plan Rows", failure);
  if (!number || !number->is_number()) return Unexpected("an estimate");
  return number->to_number<int64_t>();
}

bool NeedsCheck(const rest::Request& request, const plan::Plan& plan) {
  const bool limited =
      request.preferences.max_affected && request.preferences.handling == rest::PreferHandling::kStrict;
  return plan.media.format == plan::Media::Format::kObject || request.action == Action::kPut || limited;
}

Result<void> CheckOutcome(const Outcome& outcome, const rest::Request& request, const plan::Plan& plan) {
  if (plan.media.explain) return {};
  if (request.action == Action::kPut && RowsWritten(outcome) == 0 && outcome.inserted) {
    return Error(ErrorId::kNotWritten, "no row was written: a trigger or rule of the table suppressed the write");
  }
  if (request.action == Action::kPut && RowsWritten(outcome) != 1) {
    return Error(ErrorId::kPutKeyMismatch, "Payload values do not match URL in primary key column(s)");
  }
  const bool limited =
      request.preferences.max_affected && request.preferences.handling == rest::PreferHandling::kStrict;
  const int64_t affected = outcome.affected.value_or(0);
  if (limited && affected > *request.preferences.max_affected) {
    return Error(ErrorId::kMaxAffectedExceeded, "Query result exceeds max-affected preference constraint")
        .WithDetail("The query affects " + std::to_string(affected) + " rows");
  }
  const bool one_value = plan.call && !plan.call->function->returns_set;
  if (plan.media.format == plan::Media::Format::kObject && outcome.page != 1 && !one_value) {
    return Error(ErrorId::kNotSingular, "Cannot coerce the result to a single JSON object")
        .WithDetail("The result contains " + std::to_string(outcome.page) + " rows");
  }
  return {};
}

Result<void> MakeAnswer(Outcome& outcome, const rest::Request& request, const plan::Plan& plan,
                        const AnswerOptions& options, http::Response& response) {
  return Answer(outcome, request, plan, options, response).Make();
}

}  // namespace pando::serve
