#include "base/error.h"

namespace pando {

struct Error::Data {
  ErrorId id;
  std::string message;
  std::optional<std::string> detail;
  bool detail_is_json = false;
  std::optional<std::string> hint;
  std::string sqlstate;
  std::string place;
  SourceLocation where;
  bool within_routine = false;
};

Error::Error(ErrorId id, std::string message, SourceLocation where)
    : data_(std::make_shared<const Data>(Data{id, std::move(message), {}, false, {}, {}, {}, where})) {}

Error Error::FromDatabase(std::string sqlstate, std::string message, SourceLocation where) {
  return Error(std::make_shared<const Data>(
      Data{ErrorId::kSqlstate, std::move(message), {}, false, {}, std::move(sqlstate), {}, where}));
}

std::shared_ptr<Error::Data> Error::Copy() const { return std::make_shared<Data>(*data_); }

Error Error::WithDetail(std::string detail) const {
  auto data = Copy();
  data->detail = std::move(detail);
  data->detail_is_json = false;
  return Error(std::move(data));
}

Error Error::WithDetailJson(std::string detail) const {
  auto data = Copy();
  data->detail = std::move(detail);
  data->detail_is_json = true;
  return Error(std::move(data));
}

Error Error::WithHint(std::string hint) const {
  auto data = Copy();
  data->hint = std::move(hint);
  return Error(std::move(data));
}

Error Error::WithPlace(std::string place) const {
  auto data = Copy();
  data->place = std::move(place);
  return Error(std::move(data));
}

Error Error::WithinRoutine() const {
  auto data = Copy();
  data->within_routine = true;
  return Error(std::move(data));
}

ErrorKind Error::kind() const { return RowOf(data_->id).kind; }
ErrorId Error::id() const { return data_->id; }

std::string_view Error::code() const {
  return data_->sqlstate.empty() ? RowOf(data_->id).code : std::string_view(data_->sqlstate);
}

const std::string& Error::message() const { return data_->message; }
const std::optional<std::string>& Error::detail() const { return data_->detail; }
bool Error::detail_is_json() const { return data_->detail_is_json; }
const std::optional<std::string>& Error::hint() const { return data_->hint; }
const std::string& Error::sqlstate() const { return data_->sqlstate; }
const std::string& Error::place() const { return data_->place; }

bool Error::within_routine() const { return data_->within_routine; }

std::string Error::where() const {
  std::string_view file = data_->where.file;
  if (size_t at = file.rfind("/src/"); at != std::string_view::npos) file.remove_prefix(at + 5);
  return std::string(file) + ":" + std::to_string(data_->where.line);
}

std::string Error::ToString() const {
  std::string text = std::string(code()) + ": " + message();
  if (!place().empty()) text += ", " + place();
  if (detail()) text += " (" + *detail() + ")";
  if (hint()) text += "; " + *hint();
  return text;
}

}  // namespace pando
