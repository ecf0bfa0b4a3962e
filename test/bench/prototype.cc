// The least that a read costs in the way Pando serves it: no parsing, no planning, no printing, no deadlines, no
// errors. A loop for each processor with a listener and one pipelined connection to PostgreSQL; what gathers while a
// batch is under way is the next one, with one Sync. `./dev bench` runs it beside Pando: what a machine allows.
//
//   prototype PORT STATEMENT [VALUE]...      PostgreSQL as libpq's environment names it
//
// VALUE are the statement's parameters as text; {} stands for the first number in the request. The answer is the values
// of the rows, each with a comma.
#include <libpq-fe.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "loopback.h"

namespace {

constexpr int kEventsMax = 256;
constexpr size_t kBatchMax = 32;
constexpr char kStatement[] = "read";

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "prototype: %s\n", what);
  std::exit(1);
}

class Loop {
 public:
  Loop(uint16_t port, const char* statement, std::vector<std::string> values) : values_(std::move(values)) {
    listener_ = ListenOnLoopback(port, /*shared=*/true);
    database_ = PQconnectdb("");
    if (PQstatus(database_) != CONNECTION_OK) Fail(PQerrorMessage(database_));
    PGresult* prepared = PQprepare(database_, kStatement, statement, 0, nullptr);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) Fail(PQerrorMessage(database_));
    PQclear(prepared);
    PQsetnonblocking(database_, 1);
    if (!PQenterPipelineMode(database_)) Fail("no pipeline mode");
    epoll_ = epoll_create1(0);
    Watch(listener_);
    Watch(PQsocket(database_));
  }

  void Run() {
    std::vector<epoll_event> events(kEventsMax);
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), kEventsMax, -1);
      bool has_rows = false;
      for (int i = 0; i < count; ++i) {
        const int descriptor = events[static_cast<size_t>(i)].data.fd;
        if (descriptor == listener_)
          Accept();
        else if (descriptor == PQsocket(database_))
          has_rows = true;
        else
          Receive(descriptor);
      }
      if (has_rows) TakeResults();
      if (asked_.empty() && !waiting_.empty()) SendBatch();
    }
  }

 private:
  struct Request {
    int descriptor;
    std::string number;
  };

  void Watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  void Accept() {
    int descriptor = 0;
    while ((descriptor = AcceptNext(listener_)) >= 0) Watch(descriptor);
  }

  // Requests that arrive whole and one by one, as wrk sends them. A client leaves only when all it asked was answered.
  void Receive(int descriptor) {
    char space[16384];
    const ssize_t bytes = recv(descriptor, space, sizeof space, 0);
    if (bytes < 0) return;
    if (bytes == 0) {
      close(descriptor);
      return;
    }
    const std::string_view text(space, static_cast<size_t>(bytes));
    const size_t begin = text.find_first_of("0123456789");
    const size_t end = text.find_first_not_of("0123456789", begin);
    waiting_.push_back(
        {descriptor, begin == std::string_view::npos ? "" : std::string(text.substr(begin, end - begin))});
  }

  void SendBatch() {
    const size_t count = std::min(waiting_.size(), kBatchMax);
    std::vector<const char*> values(values_.size());
    for (size_t i = 0; i < count; ++i) {
      for (size_t j = 0; j < values.size(); ++j)
        values[j] = values_[j] == "{}" ? waiting_[i].number.c_str() : values_[j].c_str();
      const int sent = PQsendQueryPrepared(database_, kStatement, static_cast<int>(values.size()), values.data(),
                                           nullptr, nullptr, 0);
      if (!sent) Fail(PQerrorMessage(database_));
      asked_.push_back(waiting_[i].descriptor);
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(count));
    if (!PQpipelineSync(database_)) Fail(PQerrorMessage(database_));
    PQflush(database_);
  }

  void TakeResults() {
    if (!PQconsumeInput(database_)) Fail(PQerrorMessage(database_));
    while (!asked_.empty() && !PQisBusy(database_)) {
      PGresult* result = PQgetResult(database_);
      if (!result) continue;  // between two statements
      switch (PQresultStatus(result)) {
        case PGRES_TUPLES_OK:
          Answer(asked_[answered_++], *result);
          break;
        case PGRES_PIPELINE_SYNC:
          asked_.clear();
          answered_ = 0;
          break;
        default:
          Fail(PQresultErrorMessage(result));
      }
      PQclear(result);
    }
  }

  void Answer(int descriptor, const PGresult& result) {
    body_.clear();
    for (int row = 0; row < PQntuples(&result); ++row) {
      for (int column = 0; column < PQnfields(&result); ++column) {
        body_.append(PQgetvalue(&result, row, column), static_cast<size_t>(PQgetlength(&result, row, column)));
        body_.push_back(',');
      }
    }
    answer_ = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ";
    answer_ += std::to_string(body_.size());
    answer_ += "\r\n\r\n";
    answer_ += body_;
    send(descriptor, answer_.data(), answer_.size(), MSG_NOSIGNAL);
  }

  const std::vector<std::string> values_;
  int listener_ = -1;
  int epoll_ = -1;
  PGconn* database_ = nullptr;
  std::vector<Request> waiting_;
  std::vector<int> asked_;  // in the batch that is under way
  size_t answered_ = 0;     // of them
  std::string body_, answer_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  const std::vector<std::string> values(argv + 3, argv + argc);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
    threads.emplace_back([&] { Loop(port, argv[2], values).Run(); });
}
