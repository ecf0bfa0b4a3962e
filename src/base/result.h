// Result<T> is a T or an Error, with the member names of std::expected (which g++ 12 hides in C++20 mode).
// A wrong access aborts. Result<void> carries success or an Error.
//
//   PANDO_TRY(Plan plan, MakePlan(query));              on failure: return the Error as it is
//   PANDO_CO_TRY(Lease lease, co_await pool.Acquire(deadline));      the same in a coroutine
//   PANDO_CHECK(Validate(x)); PANDO_CO_CHECK(co_await Flush());      for Result<void>
#pragma once

#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/error.h"

namespace pando {

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    PANDO_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    PANDO_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    PANDO_ASSERT(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  const Error& error() const {
    PANDO_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const { PANDO_ASSERT(has_value()); }
  const Error& error() const {
    PANDO_ASSERT(!has_value());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace pando

#define PANDO_INTERNAL_JOIN2(a, b) a##b
#define PANDO_INTERNAL_JOIN(a, b) PANDO_INTERNAL_JOIN2(a, b)
#define PANDO_INTERNAL_TRY(result, keyword, declaration, ...) \
  auto result = (__VA_ARGS__);                                \
  if (!result) keyword result.error();                        \
  declaration = std::move(result).value()
#define PANDO_INTERNAL_CHECK(keyword, ...)             \
  do {                                                 \
    auto pando_checked = (__VA_ARGS__);                \
    if (!pando_checked) keyword pando_checked.error(); \
  } while (false)

#define PANDO_TRY(declaration, ...) \
  PANDO_INTERNAL_TRY(PANDO_INTERNAL_JOIN(pando_result_, __LINE__), return, declaration, __VA_ARGS__)
#define PANDO_CO_TRY(declaration, ...) \
  PANDO_INTERNAL_TRY(PANDO_INTERNAL_JOIN(pando_result_, __LINE__), co_return, declaration, __VA_ARGS__)
#define PANDO_CHECK(...) PANDO_INTERNAL_CHECK(return, __VA_ARGS__)
#define PANDO_CO_CHECK(...) PANDO_INTERNAL_CHECK(co_return, __VA_ARGS__)
