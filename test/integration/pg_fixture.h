// What the tests of pg/ share: a database of their own, a loop, and short words for common acts.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/test_loop.h"
#include "pg/connection.h"
#include "pg/pool.h"
#include "support/test_postgres.h"

namespace pando::pg {

using std::chrono::seconds;

// Far away: a test that meets it has failed.
inline Deadline InTime() { return Deadline::After(seconds(60)); }

inline Command Sql(std::string sql, std::vector<Parameter> parameters = {}) {
  return Command{std::move(sql), std::move(parameters), true};
}

inline Exchange Do(std::vector<Command> commands, Finish finish = Finish::kCommit,
                   std::optional<SessionState> session = std::nullopt) {
  return Exchange{std::move(commands), finish, std::move(session)};
}

// A task that can be cancelled, and what it came to.
template <class T>
class Spawned {
 public:
  Spawned(test::TestLoop& loop, Task<T> task) : state_(std::make_shared<State>()) {
    boost::asio::co_spawn(loop.context(), Keep(std::move(task), state_),
                          boost::asio::bind_cancellation_slot(state_->signal.slot(), [](std::exception_ptr escaped) {
                            if (escaped) std::rethrow_exception(escaped);
                          }));
  }
  void Cancel() { state_->signal.emit(boost::asio::cancellation_type::terminal); }
  bool ended() const { return state_->result.has_value(); }
  T& result() { return *state_->result; }
  T& Await(test::TestLoop& loop) {
    loop.context().restart();
    while (!ended()) {
      if (loop.context().run_one() == 0) ADD_FAILURE() << "nothing left to run";
    }
    return result();
  }

 private:
  struct State {
    boost::asio::cancellation_signal signal;
    std::optional<T> result;
  };
  static Task<void> Keep(Task<T> task, std::shared_ptr<State> state) {
    T value = co_await std::move(task);
    state->result.emplace(std::move(value));
  }
  std::shared_ptr<State> state_;
};

class PgTest : public testing::Test {
 protected:
  PgTest() : database_(server().CreateDatabase()) {}

  static test::TestPostgres& server() { return test::TestPostgres::Instance(); }
  std::string uri() const { return server().uri(database_); }
  // From outside: another connection, blocking.
  std::string Ask(const std::string& sql) { return server().Query(database_, sql); }
  void Prepare(const std::string& script) { server().Execute(database_, script); }

  std::unique_ptr<Connection> Connect(uint32_t statements_max = 1000) {
    ConnectOptions options;
    options.statements_max = statements_max;
    return Connect(std::move(options));
  }
  // To the test's database.
  std::unique_ptr<Connection> Connect(ConnectOptions options) {
    options.uri = uri();
    Result<std::unique_ptr<Connection>> opened = loop_.Run(Connection::Open(options, InTime()));
    if (!opened) ADD_FAILURE() << opened.error().ToString();
    return std::move(*opened);
  }

  Result<std::vector<Rows>> Run(Connection& connection, Exchange exchange, Deadline deadline = InTime()) {
    return loop_.Run(connection.Run(std::move(exchange), deadline));
  }

  // The only value of a statement that must succeed.
  std::string Value(Connection& connection, std::string sql, std::vector<Parameter> parameters = {}) {
    Result<std::vector<Rows>> rows = Run(connection, Do({Sql(std::move(sql), std::move(parameters))}));
    if (!rows) {
      ADD_FAILURE() << rows.error().ToString();
      return "";
    }
    return std::string(rows->at(0).Get(0, 0).value_or("NULL"));
  }

  // Runs the loop until `done`, or fails after a minute.
  template <class Condition>
  void RunUntil(Condition done) {
    const Deadline deadline = InTime();
    loop_.context().restart();
    while (!done()) {
      ASSERT_FALSE(deadline.passed());
      loop_.context().run_one_for(std::chrono::milliseconds(5));
      loop_.context().restart();
    }
  }

  test::TestLoop loop_;
  const std::string database_;
};

MATCHER_P(FailsWith, id, "") {
  if (arg) {
    *result_listener << "which succeeded";
    return false;
  }
  *result_listener << arg.error().ToString();
  return arg.error().id() == id;
}

MATCHER_P(RefusedWith, sqlstate, "") {
  if (arg) {
    *result_listener << "which succeeded";
    return false;
  }
  *result_listener << arg.error().ToString();
  return arg.error().sqlstate() == sqlstate;
}

}  // namespace pando::pg
