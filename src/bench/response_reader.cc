#include "bench/response_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/ascii.h"

namespace pando::bench {
namespace {

bool EqualsLower(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) { return ToLower(a) == b; });
}

// The whole text as a number without sign; false when it is none or does not fit.
bool ParseNumber(std::string_view text, int base, uint64_t& number) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && stopped == end;
}

// Whether a list of tokens holds this one.
bool HasToken(std::string_view list, std::string_view lower) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (EqualsLower(Trimmed(list.substr(0, comma)), lower)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

void ResponseReader::Begin(bool to_head) {
  part_ = Part::kStatus;
  to_head_ = to_head;
  begun_ = false;
  keeps_alive_ = true;
  chunked_ = has_length_ = false;
  left_ = 0;
  head_bytes_ = 0;
  line_.clear();
}

ResponseReader::Outcome ResponseReader::Feed(std::string_view& bytes) {
  begun_ = begun_ || !bytes.empty();
  while (part_ != Part::kEnd && part_ != Part::kBad) {
    if (part_ == Part::kUntilClose) {
      bytes = {};
      return Outcome::kMore;
    }
    if (part_ == Part::kLength || part_ == Part::kChunk) {
      const size_t taken = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
      bytes.remove_prefix(taken);
      left_ -= taken;
      if (left_ > 0) return Outcome::kMore;
      part_ = part_ == Part::kLength ? Part::kEnd : Part::kChunkEnd;
      head_bytes_ = 0;
      continue;
    }
    std::string_view line;
    if (!TakeLine(bytes, line)) return part_ == Part::kBad ? Outcome::kMalformed : Outcome::kMore;
    part_ = Step(line);
    line_.clear();
  }
  return part_ == Part::kEnd ? Outcome::kDone : Outcome::kMalformed;
}

ResponseReader::Outcome ResponseReader::Close() {
  if (part_ != Part::kUntilClose) return Outcome::kMalformed;
  part_ = Part::kEnd;
  return Outcome::kDone;
}

bool ResponseReader::TakeLine(std::string_view& bytes, std::string_view& line) {
  const void* found = bytes.empty() ? nullptr : std::memchr(bytes.data(), '\n', bytes.size());
  const size_t end = found ? static_cast<size_t>(static_cast<const char*>(found) - bytes.data()) : bytes.size();
  const size_t taken = found ? end + 1 : end;
  head_bytes_ += taken;
  if (line_.size() + end > kLineBytesMax || head_bytes_ > kHeadBytesMax) {
    part_ = Part::kBad;
    return false;
  }
  if (found && line_.empty()) {
    line = bytes.substr(0, end);
  } else {
    line_.append(bytes.substr(0, end));
    line = line_;
  }
  bytes.remove_prefix(taken);
  if (found && line.ends_with('\r')) line.remove_suffix(1);
  return found != nullptr;
}

ResponseReader::Part ResponseReader::Step(std::string_view line) {
  switch (part_) {
    case Part::kStatus:
      return StatusLine(line);
    case Part::kFields:
      return line.empty() ? EndOfHead() : Field(line);
    case Part::kChunkSize:
      return ChunkSize(line);
    case Part::kChunkEnd:
      return line.empty() ? Part::kChunkSize : Part::kBad;
    case Part::kTrailers:
      return line.empty() ? Part::kEnd : Part::kTrailers;
    default:
      return Part::kBad;
  }
}

// HTTP/1.1 200 OK
ResponseReader::Part ResponseReader::StatusLine(std::string_view line) {
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') return Part::kBad;
  if (line[7] != '0' && line[7] != '1') return Part::kBad;
  if (line.size() > 12 && line[12] != ' ') return Part::kBad;
  uint64_t status = 0;
  if (!ParseNumber(line.substr(9, 3), 10, status) || status < 100) return Part::kBad;
  status_ = static_cast<int>(status);
  keeps_alive_ = line[7] == '1';
  return Part::kFields;
}

ResponseReader::Part ResponseReader::Field(std::string_view line) {
  const char first = ToLower(line.front());
  if (first != 'c' && first != 't') return Part::kFields;
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Part::kBad;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trimmed(line.substr(colon + 1));
  if (EqualsLower(name, "content-length")) {
    uint64_t length = 0;
    if (!ParseNumber(value, 10, length) || (has_length_ && length != left_)) return Part::kBad;
    has_length_ = true;
    left_ = length;
  } else if (EqualsLower(name, "transfer-encoding")) {
    if (!EqualsLower(value, "chunked")) return Part::kBad;
    chunked_ = true;
  } else if (EqualsLower(name, "connection")) {
    if (HasToken(value, "close")) keeps_alive_ = false;
    if (HasToken(value, "keep-alive")) keeps_alive_ = true;
  }
  return Part::kFields;
}

// How long the body is: RFC 9112, 6.3.
ResponseReader::Part ResponseReader::EndOfHead() {
  const int status = status_;
  if (status < 200) {
    if (status == 101) return Part::kBad;
    // An interim answer; the final one follows.
    chunked_ = has_length_ = false;
    left_ = 0;
    return Part::kStatus;
  }
  if (chunked_ && has_length_) return Part::kBad;
  if (to_head_ || status == 204 || status == 304) return Part::kEnd;
  head_bytes_ = 0;
  if (chunked_) return Part::kChunkSize;
  if (has_length_) return left_ == 0 ? Part::kEnd : Part::kLength;
  keeps_alive_ = false;
  return Part::kUntilClose;
}

ResponseReader::Part ResponseReader::ChunkSize(std::string_view line) {
  const std::string_view digits = Trimmed(line.substr(0, line.find(';')));
  if (!ParseNumber(digits, 16, left_)) return Part::kBad;
  if (left_ > 0) return Part::kChunk;
  head_bytes_ = 0;
  return Part::kTrailers;
}

}  // namespace pando::bench
