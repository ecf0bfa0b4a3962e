// A FakeDatabase answers with what a test has prepared, in the order in which it is asked, and keeps what it was asked.
//
// Concurrency  single-owner
// For tests.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "net/event.h"
#include "serve/database.h"

namespace pando::serve {

class FakeDatabase : public Database {
 public:
  using Answers = Result<std::vector<pg::Rows>>;

  // What the next statement that goes alone, or travels together with others, gives. The commands of an exchange that
  // are left give no rows, and come first.
  void AnswerAlone(Answers answer) { alone_.push_back(std::move(answer)); }
  void AnswerShared(Result<pg::LaneAnswer> answer) { shared_.push_back(std::move(answer)); }
  void AnswerShared(pg::Rows rows) {
    pg::LaneAnswer answer;
    answer.rows = std::move(rows);
    AnswerShared(std::move(answer));
  }

  pg::Lane::Call RunShared(Lane lane, pg::LaneStatement&&, Deadline) override {
    lanes.push_back(lane);
    PANDO_ASSERT(!shared_.empty());
    Result<pg::LaneAnswer> answer = std::move(shared_.front());
    shared_.pop_front();
    return pg::Lane::Call(std::move(answer));
  }

  Task<Result<std::unique_ptr<Session>>> Open(pg::SessionState wanted, pg::Purpose purpose, bool by_key,
                                              Deadline) override {
    opened.push_back({std::move(wanted), purpose, by_key});
    co_return std::make_unique<FakeSession>(*this);
  }

  struct Opened {
    pg::SessionState wanted;
    pg::Purpose purpose;
    bool by_key;
  };
  std::vector<Lane> lanes;  // of shared statements
  std::vector<Opened> opened;
  std::vector<pg::Exchange> exchanges;
  std::vector<bool> commits;         // of what was left open: whether it was committed
  std::shared_ptr<net::Event> held;  // sessions wait for it; null: they do not

 private:
  class FakeSession : public Session {
   public:
    explicit FakeSession(FakeDatabase& database) : database_(database) {}

    Task<Result<std::vector<pg::Rows>>> Run(pg::Exchange exchange, Deadline deadline) override {
      if (database_.held) {
        PANDO_CO_CHECK(co_await database_.held->Wait(deadline));
      }
      PANDO_ASSERT(!database_.alone_.empty());
      Answers answer = std::move(database_.alone_.front());
      database_.alone_.pop_front();
      while (answer && answer->size() < exchange.commands.size()) answer->insert(answer->begin(), pg::Rows());
      database_.exchanges.push_back(std::move(exchange));
      co_return std::move(answer);
    }

    Task<Result<void>> End(bool commit, bool, Deadline) override {
      database_.commits.push_back(commit);
      co_return Result<void>();
    }

   private:
    FakeDatabase& database_;
  };

  std::deque<Answers> alone_;
  std::deque<Result<pg::LaneAnswer>> shared_;
};

}  // namespace pando::serve
