// The seam to Asio: a Task is a coroutine on one event loop. Above net/ nobody names Asio's awaitable or its tokens;
// failures arrive as Error values (use_task_tuple), never as exceptions.
//
// Cancellation: a Task started with boost::asio::co_spawn or awaited under a cancellation slot is cancelled by
// Asio's terminal cancellation; every wait in net/, pg/ and http/ then returns an Error at once.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace pando {

namespace net {
using Executor = boost::asio::io_context::executor_type;
// Named as Asio's own tokens are. co_await op(use_task_tuple) yields std::tuple<error_code, ...> and does not throw.
// NOLINTBEGIN(readability-identifier-naming)
inline constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<Executor>> use_task_tuple{
    boost::asio::use_awaitable_t<Executor>{}};
inline constexpr boost::asio::use_awaitable_t<Executor> use_task{};
// As use_task_tuple, to be awaited on the spot: the operation has no coroutine of its own.
inline constexpr boost::asio::as_tuple_t<boost::asio::deferred_t> deferred_tuple{boost::asio::deferred};
// NOLINTEND(readability-identifier-naming)
}  // namespace net

template <class T>
using Task = boost::asio::awaitable<T, net::Executor>;

// True when the calling coroutine has been cancelled: what must be asked before every co_await that follows another.
inline bool WasCancelled(const boost::asio::cancellation_state& state) {
  return state.cancelled() != boost::asio::cancellation_type::none;
}

}  // namespace pando
