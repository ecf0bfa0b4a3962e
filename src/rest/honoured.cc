#include "rest/honoured.h"

#include <algorithm>
#include <string>
#include <utility>

namespace pando::rest {
namespace {

Error NotHonoured(std::string message, std::string hint) {
  return Error(ErrorId::kNotHonoured, std::move(message)).WithHint(std::move(hint));
}

// ------------------------------------------------------------------------------------------------------- parameters

Error ReservedName(const std::string& name, const Request& request) {
  const std::string target = request.action == Action::kCall ? "this function" : request.method + " of this resource";
  return NotHonoured("\"" + name + "=\" has no meaning for " + target,
                     "To filter by a column of that name, write and=(" + name + ".eq.VALUE).");
}

Result<void> CheckReserved(const Request& request) {
  if (request.query.columns && !HasPayload(request)) return ReservedName("columns", request);
  if (!request.query.on_conflict) return {};
  if (request.action != Action::kInsert) return ReservedName("on_conflict", request);
  if (request.preferences.resolution) return {};
  return NotHonoured("\"on_conflict=\" needs a preference that says what to do with rows that exist",
                     "Send \"Prefer: resolution=merge-duplicates\" or \"Prefer: resolution=ignore-duplicates\".");
}

// ----------------------------------------------------------------------------------------------------------- writes

template <class T>
bool IsAtRoot(const At<T>& at) {
  return at.path.empty();
}

template <class T>
bool HasRoot(const std::vector<At<T>>& parameters) {
  return std::any_of(parameters.begin(), parameters.end(), IsAtRoot<T>);
}

Result<void> CheckRows(const Request& request) {
  const Query& query = request.query;
  if (request.action == Action::kInsert && (HasRoot(query.filters) || HasRoot(query.logic))) {
    return NotHonoured("a filter does not choose which rows POST writes",
                       "POST writes every row of its body. PATCH changes the rows that filters choose.");
  }
  // PUT has an error of its own.
  if (request.action != Action::kPut && query.has_limit_or_offset) {
    return NotHonoured("limit and offset do not choose which rows " + request.method + " writes",
                       "Choose the rows by filters, such as id=in.(1,2).");
  }
  return {};
}

template <class T>
const EmbedPath* FindPath(const std::vector<At<T>>& parameters) {
  const auto found = std::find_if(parameters.begin(), parameters.end(), [](const At<T>& at) { return !IsAtRoot(at); });
  return found == parameters.end() ? nullptr : &found->path;
}

// What shapes the rows of an answer that has none.
Result<void> CheckShaping(const Request& request) {
  if (request.preferences.return_ == PreferReturn::kRepresentation) return {};
  const Query& query = request.query;
  constexpr const char* kHint =
      "Send \"Prefer: return=representation\" for the rows. Which rows are written is chosen by filters on columns of "
      "the table itself.";
  if (HasRoot(query.order)) return NotHonoured("order sorts the rows of a response, and this response has none", kHint);
  const EmbedPath* path = FindPath(query.filters);
  if (!path) path = FindPath(query.logic);
  if (!path) path = FindPath(query.order);
  if (!path) path = FindPath(query.windows);
  if (!path) return {};
  return NotHonoured(
      "a parameter of \"" + path->front() + "\" changes the rows of a response, and this response has none", kHint);
}

const std::string& KeyOf(const SelectEmbed& embed) { return embed.alias ? *embed.alias : embed.target; }

// The embed that is not looked into when rows are chosen, by what a client calls it.
const SelectEmbed* FindEmbed(const Query& query, const std::string& name) {
  for (const SelectItem& item : query.select) {
    const auto* embed = std::get_if<SelectEmbed>(&item.value);
    if (embed && KeyOf(*embed) == name) return embed;
  }
  return nullptr;
}

bool AsksWhetherEmpty(const Filter& filter, const Query& query) {
  const Operation& operation = filter.operation;
  return operation.op == Operator::kIs && (operation.is == IsValue::kNull || operation.is == IsValue::kNotNull) &&
         filter.field.path.empty() && FindEmbed(query, filter.field.name);
}

// Null: no condition asks whether an embed has rows.
const Filter* FindAboutEmbed(const Logic& logic, const Query& query) {
  if (logic.kind == Logic::Kind::kFilter) return AsksWhetherEmpty(logic.filter, query) ? &logic.filter : nullptr;
  for (const Logic& child : logic.children) {
    if (const Filter* found = FindAboutEmbed(child, query)) return found;
  }
  return nullptr;
}

const Filter* FindAboutEmbed(const Query& query) {
  for (const At<Filter>& filter : query.filters) {
    if (IsAtRoot(filter) && AsksWhetherEmpty(filter.value, query)) return &filter.value;
  }
  for (const At<Logic>& logic : query.logic) {
    const Filter* found = IsAtRoot(logic) ? FindAboutEmbed(logic.value, query) : nullptr;
    if (found) return found;
  }
  return nullptr;
}

// An embed of a read may leave out rows of the table. Here those would be written all the same.
Result<void> CheckEmbeds(const Request& request) {
  constexpr const char* kHint =
      "Choose the rows by filters on columns of the table itself, such as id=in.(1,2), which a GET can find.";
  if (request.action == Action::kInsert) return {};
  for (const SelectItem& item : request.query.select) {
    const auto* embed = std::get_if<SelectEmbed>(&item.value);
    if (!embed || embed->join != JoinKind::kInner) continue;
    return NotHonoured("\"" + embed->target + "!inner\" does not choose which rows " + request.method + " writes",
                       kHint);
  }
  if (const Filter* filter = FindAboutEmbed(request.query)) {
    return NotHonoured(
        "whether \"" + filter->field.name + "\" is empty does not choose which rows " + request.method + " writes",
        kHint);
  }
  return {};
}

}  // namespace

Result<void> CheckHonoured(const Request& request) {
  switch (request.action) {
    case Action::kInspect:
    case Action::kDescribe:
      return {};
    case Action::kRead:
    case Action::kCall:
      return CheckReserved(request);
    default:
      PANDO_CHECK(CheckReserved(request));
      PANDO_CHECK(CheckRows(request));
      PANDO_CHECK(CheckEmbeds(request));
      return CheckShaping(request);
  }
}

}  // namespace pando::rest
