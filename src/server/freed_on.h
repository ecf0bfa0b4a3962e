// Things that take long to free, shared with event loops that have no time for it.
#pragma once

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "net/task.h"

namespace pando::server {

// The same object. Whoever lets go of it last, and wherever, it is `executor` that frees it: at once when its loop
// turns, else with its loop. REQUIRES: the executor's loop outlives every copy.
template <class T>
std::shared_ptr<const T> FreedOn(net::Executor executor, std::shared_ptr<const T> object) {
  const T* const address = object.get();
  return {address, [executor = std::move(executor), held = std::move(object)](const T*) mutable {
            boost::asio::post(executor, [last = std::move(held)]() mutable { last.reset(); });
          }};
}

}  // namespace pando::server
