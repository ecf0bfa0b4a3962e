// The connections of one worker, and lists of them by state: a connection is in one list at a time, in the order in
// which it came there, and leaves it from any place in constant time.
//
// Concurrency  single-owner
// Ownership    a list refers to connections that stay where they are
#pragma once

#include <cstdint>
#include <string>

#include "base/assert.h"
#include "bench/response_reader.h"
#include "bench/wire.h"

namespace pando::bench {

class ConnectionList;

struct Connection {
  Wire wire;
  ResponseReader reader;
  ConnectionList* list = nullptr;  // that it is in
  Connection* previous = nullptr;
  Connection* next = nullptr;
  int64_t since_ns = 0;  // when it came into the list

  // The request under way.
  int64_t intended_ns = 0;
  uint32_t phase = 0;
  uint32_t kind = 0;
  std::string unsent;  // what the socket has not taken yet
};

class ConnectionList {
 public:
  bool empty() const { return head_ == nullptr; }
  uint32_t size() const { return size_; }
  Connection* front() const { return head_; }

  // Moves it here, to the end, from wherever it was.
  void Take(Connection& connection, int64_t now_ns) {
    if (connection.list != nullptr) connection.list->Remove(connection);
    connection.list = this;
    connection.since_ns = now_ns;
    connection.previous = tail_;
    connection.next = nullptr;
    (tail_ == nullptr ? head_ : tail_->next) = &connection;
    tail_ = &connection;
    ++size_;
  }

 private:
  void Remove(Connection& connection) {
    PANDO_ASSERT_SLOW(connection.list == this);
    (connection.previous == nullptr ? head_ : connection.previous->next) = connection.next;
    (connection.next == nullptr ? tail_ : connection.next->previous) = connection.previous;
    --size_;
  }

  Connection* head_ = nullptr;
  Connection* tail_ = nullptr;
  uint32_t size_ = 0;
};

}  // namespace pando::bench
