#include "pg/copy_session.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "net/run_here.h"
#include "pg/connector.h"
#include "pg/database_error.h"
#include "pg/pq.h"

namespace pando::pg {
namespace {

constexpr size_t kPieceBytesMax = size_t{1} << 20;
constexpr std::chrono::seconds kConnectTimeout(30);

CopySession::Row RowAt(const PGresult* result, int row) {
  CopySession::Row values;
  for (int column = 0; column < PQnfields(result); ++column) {
    if (PQgetisnull(result, row, column) != 0) {
      values.emplace_back();
    } else {
      values.emplace_back(
          std::string(PQgetvalue(result, row, column), static_cast<size_t>(PQgetlength(result, row, column))));
    }
  }
  return values;
}

class LibpqCopySession final : public CopySession {
 public:
  explicit LibpqCopySession(PqConnectionHandle handle) : handle_(std::move(handle)) {}

  Result<std::vector<Row>> Run(const std::string& sql) override {
    const PqResultHandle result(PQexec(handle_.get(), sql.c_str()));
    if (!result) return ConnectionLost(handle_.get());
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return ErrorOfResult(result.get());
    std::vector<Row> rows;
    for (int row = 0; row < PQntuples(result.get()); ++row) rows.push_back(RowAt(result.get(), row));
    return rows;
  }

  Result<void> Begin(const std::string& sql) override {
    const PqResultHandle result(PQexec(handle_.get(), sql.c_str()));
    if (!result) return ConnectionLost(handle_.get());
    if (PQresultStatus(result.get()) != PGRES_COPY_IN) return ErrorOfResult(result.get());
    return {};
  }

  Result<void> Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, kPieceBytesMax);
      if (PQputCopyData(handle_.get(), piece.data(), static_cast<int>(piece.size())) != 1) {
        return ConnectionLost(handle_.get());
      }
      bytes.remove_prefix(piece.size());
    }
    return {};
  }

  Result<void> Finish() override {
    if (PQputCopyEnd(handle_.get(), nullptr) != 1) return ConnectionLost(handle_.get());
    Result<void> outcome;
    while (const PqResultHandle result{PQgetResult(handle_.get())}) {
      if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) outcome = ErrorOfResult(result.get());
    }
    return outcome;
  }

 private:
  PqConnectionHandle handle_;
};

}  // namespace

Result<std::unique_ptr<CopySession>> CopySession::Open(const std::string& uri) {
  ConnectOptions options;
  options.uri = uri;
  options.application_name = "pando bench";
  // With the known settings, which give the values that are read their forms.
  boost::asio::io_context loop(1);
  Task<Result<Connected>> connect = Connect(std::move(options), Deadline::After(kConnectTimeout));
  PANDO_TRY(Connected connected, net::RunHere(loop, std::move(connect)));
  PqConnectionHandle handle = std::move(connected.handle);
  if (PQsetnonblocking(handle.get(), 0) != 0) return ConnectionLost(handle.get());
  return std::unique_ptr<CopySession>(std::make_unique<LibpqCopySession>(std::move(handle)));
}

}  // namespace pando::pg
