#include "pg/pool.h"

#include <utility>

#include "pg/pool_impl.h"

namespace pando::pg {

Lease::Lease(std::shared_ptr<PoolImpl> pool, Pooled pooled) : pool_(std::move(pool)), pooled_(std::move(pooled)) {}

Lease::Lease(Lease&&) noexcept = default;

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  HandBack();
  pool_ = std::move(other.pool_);
  pooled_ = std::move(other.pooled_);
  discard_ = other.discard_;
  return *this;
}

Lease::~Lease() { HandBack(); }

void Lease::HandBack() {
  if (pool_) std::exchange(pool_, nullptr)->TakeBack(std::move(pooled_), discard_);
}

void Lease::Discard() { discard_ = true; }

Pool::Pool(net::Executor executor, PoolOptions options)
    : impl_(std::make_shared<PoolImpl>(executor, std::move(options))) {}

Pool::~Pool() { impl_->Shut(); }

Task<Result<Lease>> Pool::Acquire(Deadline deadline, SessionState session, Purpose purpose) {
  return impl_->Acquire(deadline, std::move(session), purpose);
}

Task<Result<Lease>> Pool::Acquire(Deadline deadline) {
  SessionState initial;
  return impl_->Acquire(deadline, std::move(initial), Purpose::kRead);
}

Task<Result<std::vector<Rows>>> Pool::Finish(Lease& lease, Exchange exchange, Deadline deadline) {
  return impl_->Finish(lease, std::move(exchange), deadline);
}

Task<Result<void>> Pool::Commit(Lease& lease, Deadline deadline) { return impl_->Commit(lease, deadline); }

void Pool::Note(CommitWait wait) { impl_->Note(wait); }

CommitWait Pool::commit_wait() const { return impl_->commit_wait(); }

Task<void> Pool::Close(Deadline grace) { return impl_->Close(grace); }

void Pool::Renew() { impl_->Renew(); }

void Pool::GiveUp(const Error& error) { impl_->GiveUp(error); }

void Pool::CleanAll() { impl_->CleanAll(); }

void Pool::Resize(uint32_t connections_max) { impl_->Resize(connections_max); }

PoolStats Pool::stats() const { return impl_->stats(); }

}  // namespace pando::pg
