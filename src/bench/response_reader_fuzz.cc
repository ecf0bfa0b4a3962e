// Fuzzes what a server may answer: whole or in pieces, the reader hears the same.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "bench/response_reader.h"

using pando::bench::ResponseReader;

namespace {

constexpr size_t kPieceMax = 16;

struct Heard {
  ResponseReader::Outcome outcome = ResponseReader::Outcome::kMore;
  int status = 0;
  bool keeps_alive = false;
  size_t taken = 0;
};

// `piece` bytes at a time; 0: all at once.
Heard Read(std::string_view input, bool to_head, size_t piece) {
  ResponseReader reader;
  reader.Begin(to_head);
  Heard heard;
  while (heard.outcome == ResponseReader::Outcome::kMore && heard.taken < input.size()) {
    const std::string_view given = input.substr(heard.taken, piece == 0 ? input.size() : piece);
    std::string_view bytes = given;
    heard.outcome = reader.Feed(bytes);
    if (heard.outcome == ResponseReader::Outcome::kMore) PANDO_ASSERT(bytes.empty());
    heard.taken += given.size() - bytes.size();
  }
  if (heard.outcome == ResponseReader::Outcome::kMore) heard.outcome = reader.Close();
  if (heard.outcome != ResponseReader::Outcome::kDone) return heard;
  heard.status = reader.status();
  heard.keeps_alive = reader.keeps_alive();
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const bool to_head = data[0] % 2 == 1;
  const size_t piece = data[0] / 2 % kPieceMax + 1;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Heard whole = Read(input, to_head, 0);
  const Heard pieces = Read(input, to_head, piece);
  PANDO_ASSERT(whole.outcome == pieces.outcome);
  if (whole.outcome != ResponseReader::Outcome::kDone) return 0;
  PANDO_ASSERT(whole.status == pieces.status);
  PANDO_ASSERT(whole.status >= 200);
  PANDO_ASSERT(whole.keeps_alive == pieces.keeps_alive);
  PANDO_ASSERT(whole.taken == pieces.taken);
  return 0;
}
