#include "pg/target.h"

#include <algorithm>

namespace pando::pg {
namespace {

// While one batch waits for its commit, the next one gathers; more batches would be smaller ones.
constexpr uint32_t kWriteBatchesMax = 2;

// Reads that have been quick take longer than reads by key and have longer answers, and each waits for its batch.
constexpr uint32_t kQuickBatchMax = 16;

PoolOptions With(PoolOptions options, uint32_t connections_max) {
  options.connections_max = connections_max;
  return options;
}

}  // namespace

Target::Target(net::Executor executor, const PoolOptions& options) {
  const ConnectionShare share = Divide(options.connections_max);
  pool_ = std::make_unique<Pool>(executor, With(options, share.alone));
  if (share.lane > 0) key_pool_ = std::make_unique<Pool>(executor, With(options, share.lane));
  LaneOptions keys;
  keys.waiters_max = options.waiters_max;
  keys.batches_max = std::max(1u, share.lane);
  keys_ = std::make_unique<Lane>(executor, key_pool(), keys);
  LaneOptions quick = keys;
  quick.batch_max = kQuickBatchMax;
  quick.batches_max = std::max(1u, share.alone / 2);
  quick_ = std::make_unique<Lane>(executor, *pool_, quick);
  LaneOptions writes = keys;
  writes.batches_max = std::clamp(share.alone / 2, 1u, kWriteBatchesMax);
  writes.writes = true;
  writes_ = std::make_unique<Lane>(executor, *pool_, writes);
}

void Target::Resize(uint32_t connections_max) {
  const ConnectionShare share = Divide(connections_max);
  if (key_pool_) {
    key_pool_->Resize(std::max(1u, share.lane));
    pool_->Resize(share.alone);
  } else {
    pool_->Resize(share.alone + share.lane);
  }
}

void Target::Renew() {
  ForEachPool([](Pool& pool) { pool.Renew(); });
}

void Target::CleanAll() {
  ForEachPool([](Pool& pool) { pool.CleanAll(); });
}

void Target::GiveUp(const Error& error) {
  ForEachPool([&error](Pool& pool) { pool.GiveUp(error); });
}

void Target::Note(CommitWait wait) {
  ForEachPool([wait](Pool& pool) { pool.Note(wait); });
  writes_->NoteCommitWait();
}

Task<void> Target::Close(Deadline grace) {
  co_await pool_->Close(grace);
  if (key_pool_) co_await key_pool_->Close(grace);
  co_await keys_->Close();
  co_await quick_->Close();
  co_await writes_->Close();
}

}  // namespace pando::pg
