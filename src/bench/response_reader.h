// A ResponseReader finds the end of one HTTP/1.1 response in the bytes of a connection (RFC 9112), and keeps of it what
// a load generator asks about: the status, and whether the connection stays open. Bodies are skipped.
//
// Concurrency  single-owner
// Bounds       a line has at most kLineBytesMax bytes, a head kHeadBytesMax; what arrives in one piece is not copied
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pando::bench {

class ResponseReader {
 public:
  static constexpr size_t kLineBytesMax = 16 * 1024;
  static constexpr size_t kHeadBytesMax = 64 * 1024;

  enum class Outcome {
    kMore,       // all bytes were taken, the response goes on
    kDone,       // it is whole
    kMalformed,  // not HTTP/1.x, or its length could be read in two ways; the reader is of no use any more
  };

  // Expects the response to a request; `to_head` says that it was a HEAD, whose answer has no body.
  void Begin(bool to_head);

  // Takes bytes off the front of `bytes`; those left after kDone do not belong to the response.
  Outcome Feed(std::string_view& bytes);

  // The peer closed: kDone when that is how the body ends, else kMalformed.
  Outcome Close();

  // Valid after kDone.
  int status() const { return status_; }
  bool keeps_alive() const { return keeps_alive_; }
  // Whether any byte of the response has come.
  bool begun() const { return begun_; }

 private:
  enum class Part : uint8_t {
    kStatus,
    kFields,
    kLength,
    kUntilClose,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailers,
    kEnd,
    kBad
  };

  // A line without its end, or nullopt-like false when it is not complete yet; `line` may point into line_.
  bool TakeLine(std::string_view& bytes, std::string_view& line);
  Part Step(std::string_view line);
  Part StatusLine(std::string_view line);
  Part Field(std::string_view line);
  Part EndOfHead();
  Part ChunkSize(std::string_view line);

  Part part_ = Part::kEnd;
  bool to_head_ = false;
  bool begun_ = false;
  bool keeps_alive_ = true;
  bool chunked_ = false;
  bool has_length_ = false;
  int status_ = 0;
  uint64_t left_ = 0;      // bytes of the body or chunk that are still to come
  size_t head_bytes_ = 0;  // of lines since the last body byte
  std::string line_;       // the part of a line that came in an earlier piece
};

}  // namespace pando::bench
