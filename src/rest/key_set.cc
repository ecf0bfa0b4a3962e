#include "rest/key_set.h"

#include <cstddef>

#include "rest/utf8.h"

namespace pando::rest {

void KeySet::Add(std::string_view key) {
  if (is_full()) return;
  key = FirstCharacters(key, kKeyBytesMax);
  if (reading_first_) {
    if (first_.size() < kKeysMax) first_.emplace_back(key);
    all_.emplace(key);
    return;
  }
  if (!diverged_ && matched_ < first_.size() && first_[matched_] == key) {
    ++matched_;
    return;
  }
  if (!diverged_) {
    diverged_ = true;
    current_.insert(first_.begin(), first_.begin() + static_cast<std::ptrdiff_t>(matched_));
  }
  current_.emplace(key);
  if (all_.find(key) == all_.end()) {
    uniform_ = false;
    all_.emplace(key);
  }
}

void KeySet::EndObject() {
  if (is_full()) return;
  if (reading_first_) {
    reading_first_ = false;
    first_size_ = all_.size();
  } else if (diverged_) {
    // Every key of this object that the first lacked has already made the body not uniform; what is left to find out is
    // whether this one lacks any of the first's.
    if (current_.size() != first_size_) uniform_ = false;
    current_.clear();
  } else if (matched_ != first_.size() || first_.size() == kKeysMax) {
    // It named only the beginning of the first object's keys: the same set if the others were repetitions. Of very many
    // repetitions only a beginning is kept.
    const std::set<std::string_view> named(first_.begin(), first_.begin() + static_cast<std::ptrdiff_t>(matched_));
    if (named.size() != first_size_) uniform_ = false;
  }
  matched_ = 0;
  diverged_ = false;
}

}  // namespace pando::rest
