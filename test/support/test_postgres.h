// A private PostgreSQL for tests: made in a temporary folder, reachable over a Unix socket only, without a password.
// It is gone, folder and all, when the test process has ended, however that ended.
//
// Concurrency  single-owner: the main thread of the test
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace pando::test {

class TestPostgres {
 public:
  // The one that this test process shares; started by the first call. Aborts with a message when there is no
  // PostgreSQL server on the machine, or when it does not start.
  static TestPostgres& Instance();

  TestPostgres();
  // A standby that follows `primary`, as far as it is now.
  static std::unique_ptr<TestPostgres> StandbyOf(const TestPostgres& primary);
  ~TestPostgres();
  TestPostgres(const TestPostgres&) = delete;
  TestPostgres& operator=(const TestPostgres&) = delete;

  // As the superuser `postgres` unless another user is named.
  std::string uri(std::string_view database = "postgres", std::string_view user = "postgres") const;

  // Makes an empty database of its own and answers its name, for uri().
  std::string CreateDatabase();

  // Runs a script (statements separated by semicolons), blocking; aborts when it fails.
  void Execute(std::string_view database, const std::string& script);
  // The first column of the first row, or "" when there is none; blocking.
  std::string Query(std::string_view database, const std::string& sql);

  // For outages. Stop() breaks the connections and returns when the server has ended; uri() stays the same.
  void Stop();
  void Start();
  void Restart();
  // Of a standby: it becomes a primary of its own. Returns when it is.
  void Promote();

  // The folder of the server's programs ("/usr/lib/postgresql/15/bin").
  const std::string& programs() const { return programs_; }
  const std::string& socket_folder() const { return folder_; }

 private:
  // A folder without a server in it.
  struct Empty {};
  explicit TestPostgres(Empty);
  void UseFolderForSockets() const;
  void MakeFolder();
  void StartKeeper();
  int RunAsServer(std::string_view program, const std::string& arguments) const;

  std::string programs_;
  std::string folder_;
  int keeper_pipe_ = -1;
  int keeper_pid_ = -1;
  int databases_ = 0;
};

}  // namespace pando::test
