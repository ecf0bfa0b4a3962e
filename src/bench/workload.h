// What a scenario sends: weighted kinds of requests with parameters, prepared so that a request is rendered by copying.
//
// Concurrency  Workload: immutable, shared by the threads. RequestMaker: single-owner, one for each thread
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "bench/random.h"
#include "bench/sampler.h"

namespace pando::bench {

// Where the values of ${name} come from: numbers from `first` on, or listed texts.
struct Parameter {
  std::string name;
  Sampler sampler = Sampler::Uniform(1);
  int64_t first = 0;
  std::vector<std::string> values;  // not empty: these, by rank
  bool scatter = true;              // popular numbers lie apart
  bool is_sequence = false;         // `first`, `first` + 1, ...: each once, whatever thread asks
};

// One kind of request, as the scenario writes it.
struct RequestSpec {
  std::string name;
  double weight = 1;
  std::string method = "GET";
  std::string path;                                          // "/rest/v1/items?id=eq.${id}"
  std::vector<std::pair<std::string, std::string>> headers;  // values may hold ${name} too
  std::string body;
  std::vector<int> expected;  // statuses that are a success; empty: 2xx and 3xx
};

// Texts and parameters in turn.
struct Piece {
  std::string literal;
  int parameter = -1;   // nothing follows the text
  bool encode = false;  // percent-encode the value: it stands in the path
};

struct RequestKind {
  std::string name;
  bool is_head = false;
  bool has_body = false;
  std::vector<Piece> head;  // up to the Content-Length field of a request with a body, else all of it
  std::vector<Piece> body;
  std::vector<int> parameters;  // each that it names, once
  std::vector<int> expected;

  bool Expects(int status) const;
};

class Workload {
 public:
  // `authority` is the Host field's; `headers` go into every request.
  //   kConfigUnknownKey  ${name} that no parameter has; the nearest one is named
  //   kConfigInvalid     nothing to send, a weight below zero, a line break in a header, an unfinished ${
  static Result<Workload> Make(std::vector<Parameter> parameters, const std::vector<RequestSpec>& requests,
                               const std::vector<std::pair<std::string, std::string>>& headers,
                               const std::string& authority);

  const std::vector<RequestKind>& kinds() const { return kinds_; }

 private:
  friend class RequestMaker;

  std::vector<Parameter> parameters_;
  std::vector<Scatter> scatters_;  // by parameter
  std::vector<RequestKind> kinds_;
  std::vector<double> thresholds_;  // cumulated weights, the last is 1
};

class RequestMaker {
 public:
  // REQUIRES: `workload` outlives the maker; index < count.
  RequestMaker(const Workload& workload, uint64_t seed, uint32_t index, uint32_t count);

  // Draws a kind and its parameters, replaces `out` by the bytes of the request, and returns the kind's position.
  uint32_t Make(std::string& out);

 private:
  uint32_t DrawKind();
  void DrawValue(int parameter);
  void Append(std::string& out, const std::vector<Piece>& pieces) const;

  const Workload& workload_;
  Random random_;
  const uint32_t count_;
  std::vector<int64_t> sequences_;   // by parameter: the next of ours
  std::vector<std::string> values_;  // by parameter: what this request has
  std::string body_;
};

}  // namespace pando::bench
