// Precompiled for every folder that meets Asio: what the signatures of net/ name, and no more. Each unit loads the
// result whole (130 MB; with Beast, TLS and JSON 300 MB, and 1.4 s more a unit), so what a few units use they include.
#pragma once
#include "std_pch.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
