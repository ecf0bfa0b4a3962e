#include "server/purging.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <utility>

#include "base/backoff.h"
#include "cache/purge_queue.h"
#include "dependencies/tags.h"
#include "net/resolver.h"
#include "net/socket.h"
#include "telemetry/log.h"

namespace pando::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using namespace std::chrono_literals;
using Tcp = asio::ip::tcp;

// An answer that was on its way when its change was told has arrived by then.
constexpr auto kAgainAfter = 2s;
// Of connecting and of each request; at the end, which waits for them.
constexpr auto kTimeout = 5s, kLastTimeout = 1s;
// Of a name, so that name servers that are away hold the end up no longer.
constexpr auto kLookupTimeout = 1s;
constexpr auto kRetryMin = 200ms;
constexpr auto kRetryMax = 10s;
// A header of some 2 KB, which every server takes.
constexpr size_t kKeysEach = 100;
constexpr size_t kAnswerBytesMax = 64 << 10;

Result<Url> ParsePurgeUrl(const std::string& text) {
  Result<Url> url = ParseUrl(text);
  if (!url) return Error(ErrorId::kConfigInvalid, "cache.purge_urls: " + url.error().message());
  if (url->is_tls)
    return Error(ErrorId::kConfigInvalid,
                 "cache.purge_urls: Pando sends PURGE over http only, not over https: \"" + text + "\"");
  if (url->target.empty()) url->target = "/";
  return url;
}

}  // namespace

Result<std::vector<Url>> ParsePurgeUrls(const std::vector<std::string>& texts) {
  std::vector<Url> urls;
  for (const std::string& text : texts) {
    PANDO_TRY(Url url, ParsePurgeUrl(text));
    urls.push_back(std::move(url));
  }
  return urls;
}

// One cache in front.
class Purging::Target {
 public:
  Target(Purging& purging, net::Executor executor, Url url, const serve::SurrogateKeys& keys)
      : purging_(purging), executor_(executor), url_(std::move(url)), keys_(keys), wake_(executor) {}

  void Drop(const std::vector<cache::Tag>& tags) {
    queue_.Add(tags, Clock::now());
    wake_.cancel();
  }

  void Stop() {
    stopping_ = true;
    timeout_ = kLastTimeout;
    wake_.cancel();
    if (stream_) stream_->cancel();
  }

  Task<void> Work() {
    Backoff backoff(kRetryMin, kRetryMax);
    while (!stopping_) {
      std::vector<cache::Tag> tags = queue_.Take(kKeysEach, Clock::now());
      if (tags.empty()) {
        co_await WaitUntil(queue_.due().value_or(Clock::time_point::max()));
        continue;
      }
      const std::string refusal = co_await Tell(std::move(tags));
      if (stopping_) break;
      Note(refusal);
      if (refusal.empty()) {
        backoff.Reset();
        continue;
      }
      queue_.Add({cache::kEverything}, Clock::now());
      co_await WaitUntil(Clock::now() + backoff.Next(), /*woken=*/false);
    }
    // From now on nobody follows what it keeps. Not over a connection that it may have closed.
    stream_.reset();
    if (!failing_) {
      std::vector<cache::Tag> everything(1, cache::kEverything);
      Note(co_await Tell(std::move(everything)));
    }
    stream_.reset();
  }

 private:
  using Socket = beast::basic_stream<Tcp, net::Executor>;

  void Note(const std::string& refusal) {
    const bool taken = refusal.empty();
    (taken ? purging_.sent_ : purging_.failed_).fetch_add(1, std::memory_order_relaxed);
    const bool is_news = failing_ == taken;
    failing_ = !taken;
    if (!is_news) return;
    if (taken) {
      telemetry::Log(telemetry::Level::kInfo, "purge.again", "a cache of cache.purge_urls accepts PURGE again",
                     {{"url", url_.authority() + url_.target}});
    } else {
      telemetry::Log(
          telemetry::Level::kWarn, "purge.failed",
          "a cache of cache.purge_urls did not accept PURGE, and may hold outdated responses; Pando tries again",
          {{"url", url_.authority() + url_.target}, {"why", refusal}});
    }
  }

  // Or until there is more to tell.
  Task<void> WaitUntil(Clock::time_point at, bool woken = true) {
    do {
      wake_.expires_at(at);
      co_await wake_.async_wait(net::deferred_tuple);
    } while (!woken && !stopping_ && Clock::now() < at);
  }

  // Empty when it was taken; else why not, whatever that is: answers that it keeps are followed by nobody else.
  Task<std::string> Tell(std::vector<cache::Tag> tags) {
    std::string refusal;
    try {
      refusal = co_await TellKeys(keys_.Dropped(tags));
    } catch (const std::exception& failure) {
      refusal = failure.what();
      stream_.reset();
    }
    co_return refusal;
  }

  Task<std::string> TellKeys(std::string keys) {
    beast::http::request<beast::http::empty_body> request(beast::http::verb::purge, url_.target, 11);
    request.set(beast::http::field::host, url_.authority());
    request.set(std::string(serve::kSurrogateKey), keys);
    // A connection that stood idle may be closed by the other side, which shows when it is used.
    const bool is_kept = stream_ != nullptr;
    std::string refusal = co_await TellOnce(request);
    if (!refusal.empty() && is_kept && !stopping_) refusal = co_await TellOnce(request);
    co_return refusal;
  }

  Task<std::string> TellOnce(const beast::http::request<beast::http::empty_body>& request) {
    if (!stream_) {
      std::string refusal = co_await Connect();
      if (!refusal.empty()) co_return refusal;
    }
    stream_->expires_after(timeout_);
    auto [unsent, size] = co_await beast::http::async_write(*stream_, request, net::use_task_tuple);
    beast::http::response_parser<beast::http::string_body> answer;
    answer.body_limit(kAnswerBytesMax);
    boost::system::error_code failure = unsent;
    if (!failure) {
      auto [unread, read] = co_await beast::http::async_read(*stream_, buffer_, answer, net::use_task_tuple);
      failure = unread;
    }
    const bool is_usable = !failure && answer.get().keep_alive();
    if (!is_usable) stream_.reset();
    if (failure) co_return failure.message();
    const unsigned status = answer.get().result_int();
    co_return status >= 200 && status < 300 ? "" : "status " + std::to_string(status);
  }

  Task<std::string> Connect() {
    if (hosts_.empty()) {
      const auto found = co_await net::Resolver::OfProcess().Find(url_.host, Deadline::After(kLookupTimeout));
      if (!found) co_return found.error().message();
      for (const asio::ip::address& address : *found) {
        hosts_.emplace_back(address, static_cast<asio::ip::port_type>(url_.port));
      }
    }
    buffer_.clear();
    stream_ = std::make_unique<Socket>(executor_);
    stream_->expires_after(timeout_);
    auto [failure, endpoint] = co_await stream_->async_connect(hosts_, net::use_task_tuple);
    if (!failure) co_return "";
    stream_.reset();
    hosts_.clear();
    co_return failure.message();
  }

  Purging& purging_;
  const net::Executor executor_;
  const Url url_;
  const serve::SurrogateKeys& keys_;
  cache::PurgeQueue queue_{kAgainAfter};
  net::Timer wake_;
  Clock::duration timeout_ = kTimeout;
  std::vector<Tcp::endpoint> hosts_;  // looked up again once it cannot be reached there
  std::unique_ptr<Socket> stream_;
  beast::flat_buffer buffer_;
  bool failing_ = false;  // the last one was not taken, which has been said
  bool stopping_ = false;
};

Purging::Purging(net::Executor executor, std::vector<Url> urls, serve::SurrogateKeys& keys)
    : keys_(keys), tasks_(executor) {
  for (Url& url : urls) targets_.push_back(std::make_unique<Target>(*this, executor, std::move(url), keys));
}

Purging::~Purging() = default;

void Purging::Start() {
  // Of what was kept before nobody knows the tags. It may be long until the stream begins, which tells the same again.
  Drop({cache::kEverything});
  for (const auto& target : targets_) tasks_.Spawn("purge", target->Work());
}

void Purging::TakeSecret(const std::string& secret) {
  if (!secret.empty()) {
    dependencies::SeedTags(secret);
    keys_.SetSecret(secret);
  } else if (!std::exchange(told_, true)) {
    telemetry::Log(
        telemetry::Level::kWarn, "cache.keys_differ",
        "a PURGE from another server will not drop the responses of this one, because the role of changes.url may not "
        "read their common secret (pando_changes.fleet); set cache.surrogate_secret to the same text on all servers");
  }
}

void Purging::Drop(const std::vector<cache::Tag>& tags) {
  for (const auto& target : targets_) target->Drop(tags);
}

Task<void> Purging::Stop() {
  for (const auto& target : targets_) target->Stop();
  co_await tasks_.Join();
}

PurgingStats Purging::stats() const {
  return {sent_.load(std::memory_order_relaxed), failed_.load(std::memory_order_relaxed)};
}

}  // namespace pando::server
