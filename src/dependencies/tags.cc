#include "dependencies/tags.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstring>

#include "auth/signature.h"
#include "base/random.h"

namespace pando::dependencies {
namespace {

namespace oid = pgtypes::oid;

constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;  // the golden ratio's fraction

enum class Kind : uint64_t { kWhole = 1, kAnyChange, kRow, kEquality, kColumn };

// Secret, so that a client cannot find out which rows share a tag.
std::atomic<uint64_t>& Seed() {
  static std::atomic<uint64_t> seed = RandomBits();
  return seed;
}

uint64_t Fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

class Hasher {
 public:
  Hasher(Kind kind, pgtypes::Oid relation) : seed_(Seed().load(std::memory_order_relaxed)), hash_(seed_) {
    Word(static_cast<uint64_t>(kind));
    Word(relation);
  }
  Hasher& Word(uint64_t word) {
    hash_ = Fold(hash_ ^ word, kMultiplier) + kMultiplier;
    return *this;
  }
  // With its length in front, so that no two lists of texts look the same.
  Hasher& Text(std::string_view text) {
    Word(text.size());
    for (; text.size() >= 8; text.remove_prefix(8)) Word(Load(text));
    if (!text.empty()) Word(Load(text));
    return *this;
  }
  cache::Tag Take() const {
    const uint64_t tag = Fold(hash_, seed_ | 1);
    return tag == cache::kEverything ? 1 : tag;
  }

 private:
  static uint64_t Load(std::string_view text) {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), std::min(text.size(), sizeof(word)));
    return word;
  }
  const uint64_t seed_;
  uint64_t hash_;
};

template <class Integer>
std::string CanonicalInteger(std::string_view written) {
  while (!written.empty() && written.front() == ' ') written.remove_prefix(1);
  while (!written.empty() && written.back() == ' ') written.remove_suffix(1);
  if (written.size() > 1 && written.front() == '+' && written[1] != '-') written.remove_prefix(1);
  Integer value = 0;
  const auto [end, failure] = std::from_chars(written.data(), written.data() + written.size(), value);
  if (failure != std::errc() || end != written.data() + written.size()) return "";
  return std::to_string(value);
}

// 8-4-4-4-12 digits; PostgreSQL takes other forms as well.
std::string CanonicalUuid(std::string_view written) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (written.size() != kForm.size()) return "";
  std::string uuid(written);
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (uuid[i] >= 'A' && uuid[i] <= 'F') uuid[i] = static_cast<char>(uuid[i] - 'A' + 'a');
    const bool is_digit = (uuid[i] >= '0' && uuid[i] <= '9') || (uuid[i] >= 'a' && uuid[i] <= 'f');
    if (kForm[i] == 'x' ? !is_digit : uuid[i] != '-') return "";
  }
  return uuid;
}

}  // namespace

void SeedTags(std::string_view secret) {
  const std::string digest = auth::SignHmac(auth::Algorithm::kHs256, "tags", secret);
  uint64_t seed = 0;
  std::memcpy(&seed, digest.data(), sizeof(seed));
  Seed().store(seed, std::memory_order_relaxed);
}

cache::Tag WholeTag(pgtypes::Oid relation) { return Hasher(Kind::kWhole, relation).Take(); }

cache::Tag AnyChangeTag(pgtypes::Oid relation) { return Hasher(Kind::kAnyChange, relation).Take(); }

cache::Tag RowTag(pgtypes::Oid relation, std::span<const std::string_view> key) {
  Hasher hasher(Kind::kRow, relation);
  hasher.Word(key.size());
  for (const std::string_view value : key) hasher.Text(value);
  return hasher.Take();
}

cache::Tag EqualityTag(pgtypes::Oid relation, std::string_view column, std::string_view value) {
  return Hasher(Kind::kEquality, relation).Text(column).Text(value).Take();
}

cache::Tag ColumnTag(pgtypes::Oid relation, std::string_view column) {
  return Hasher(Kind::kColumn, relation).Text(column).Take();
}

void RemoveRepeated(std::vector<cache::Tag>& tags) {
  std::sort(tags.begin(), tags.end());
  tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
}

bool IsEqualityType(pgtypes::Oid type) {
  return type == oid::kInt2 || type == oid::kInt4 || type == oid::kInt8 || type == oid::kBool || type == oid::kUuid ||
         type == oid::kText || type == oid::kVarchar;
}

std::string CanonicalValue(pgtypes::Oid type, std::string_view written) {
  switch (type) {
    case oid::kInt2:
      return CanonicalInteger<int16_t>(written);
    case oid::kInt4:
      return CanonicalInteger<int32_t>(written);
    case oid::kInt8:
      return CanonicalInteger<int64_t>(written);
    case oid::kBool:
      return written == "t" || written == "true" ? "t" : written == "f" || written == "false" ? "f" : "";
    case oid::kUuid:
      return CanonicalUuid(written);
    case oid::kText:
    case oid::kVarchar:
      return written.size() <= kEqualityBytesMax ? std::string(written) : "";
    default:
      return "";
  }
}

bool IsKeyType(pgtypes::Oid type) { return IsEqualityType(type) || type == oid::kNumeric; }

}  // namespace pando::dependencies
