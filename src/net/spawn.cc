#include "net/spawn.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/assert.h"
#include "base/error_table.h"
#include "telemetry/log.h"

namespace pando::net {
namespace {

Task<void> RunRoot(Task<void> task) {
  // By default Asio throws at the next co_await of a cancelled coroutine.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}

}  // namespace

std::string DescribeException(std::exception_ptr exception) {
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "not a std::exception";
  }
}

void LogEscaped(std::string_view task_name, std::exception_ptr escaped) {
  const std::string what = DescribeException(std::move(escaped));
  telemetry::Log(telemetry::Level::kError, "task.exception",
                 "a fault in Pando ended a task in the background; please report it with this line",
                 {{"code", RowOf(ErrorId::kInternalBug).code}, {"task", task_name}, {"what", what}});
}

void StartTask(Executor executor, std::string_view name, Task<void> task, boost::asio::cancellation_slot slot,
               std::function<void()> done) {
  auto ended = [executor, name, done = std::move(done)](std::exception_ptr escaped) mutable {
    if (escaped) LogEscaped(name, escaped);
    // Posted, for the task's frames and its use of `slot` end only after this handler returns.
    boost::asio::post(executor, std::move(done));
  };
  boost::asio::co_spawn(executor, RunRoot(std::move(task)),
                        boost::asio::bind_cancellation_slot(slot, std::move(ended)));
}

TaskGroup::~TaskGroup() { PANDO_ASSERT(tasks_.empty()); }

void TaskGroup::Spawn(std::string_view name, Task<void> task) {
  auto entry = tasks_.emplace(tasks_.end());
  StartTask(executor_, name, std::move(task), entry->slot(), [this, entry] {
    tasks_.erase(entry);
    if (tasks_.empty()) all_ended_.cancel();
  });
}

void TaskGroup::Cancel() {
  // A task may end, and leave the list, while its signal is emitted: never before the loop turns again, see
  // StartTask().
  for (auto& signal : tasks_) signal.emit(boost::asio::cancellation_type::terminal);
}

Task<void> TaskGroup::Join() {
  while (!tasks_.empty()) co_await all_ended_.async_wait(deferred_tuple);
}

}  // namespace pando::net
