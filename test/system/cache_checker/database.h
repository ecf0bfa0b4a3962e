// A connection to PostgreSQL, as libpq's environment names it, that is made again whenever it breaks.
//
// Concurrency  one thread
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

class Database {
 public:
  Database() = default;
  ~Database() { PQfinish(connection_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // False when it failed; then the connection may be another.
  bool Run(const std::string& sql) {
    Connect();
    PGresult* result = PQexec(connection_, sql.c_str());
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  }
  // The rows that a query answers, as text. Asks until it is answered.
  std::vector<std::vector<std::string>> Query(const std::string& sql) {
    while (true) {
      Connect();
      PGresult* result = PQexec(connection_, sql.c_str());
      std::vector<std::vector<std::string>> answer;
      const bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
      for (int row = 0; good && row < PQntuples(result); ++row) {
        answer.emplace_back();
        for (int column = 0; column < PQnfields(result); ++column)
          answer.back().emplace_back(PQgetvalue(result, row, column));
      }
      PQclear(result);
      if (good) return answer;
      std::this_thread::sleep_for(kPause);
    }
  }

 private:
  static constexpr std::chrono::milliseconds kPause{50};

  void Connect() {
    while (!connection_ || PQstatus(connection_) != CONNECTION_OK) {
      PQfinish(connection_);
      connection_ = PQconnectdb("");
      PQsetNoticeProcessor(
          connection_, [](void*, const char*) {}, nullptr);
      if (PQstatus(connection_) != CONNECTION_OK) std::this_thread::sleep_for(kPause);
    }
  }

  PGconn* connection_ = nullptr;
};
