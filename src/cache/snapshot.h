// A Snapshot says which transactions of the database a statement saw: pg_current_snapshot() as a value.
//
// Source       PostgreSQL's manual, 9.27.8 "Transaction ID and Snapshot Information Functions"
// Concurrency  immutable
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pando::cache {

// A transaction's number in the change stream: 32 bits, which wrap around.
using Xid = uint32_t;

class Snapshot {
 public:
  // "xmin:xmax:xip,...": nullopt when the text is none.
  static std::optional<Snapshot> Parse(std::string_view text);

  // Whether what that transaction committed was seen. Of the numbers with these 32 bits it is the one next to the end
  // of the snapshot. One that aborted counts as seen: it has changed nothing.
  bool Sees(Xid xid) const;

  // Whether it saw everything that `other` saw.
  bool Includes(const Snapshot& other) const;

  uint64_t xmin() const { return xmin_; }
  uint64_t xmax() const { return xmax_; }

 private:
  uint64_t xmin_ = 0;                  // all below have ended
  uint64_t xmax_ = 0;                  // none from here on had begun
  std::vector<uint64_t> in_progress_;  // between the two, ascending
};

}  // namespace pando::cache
