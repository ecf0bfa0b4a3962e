#include "bench/workload.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "config/nearest.h"

namespace pando::bench {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool IsUnreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void AppendEncoded(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (IsUnreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
}

void AppendNumber(std::string& out, uint64_t number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

// Cuts a text with ${name} into pieces that go to the end of a list; texts that meet become one.
class Cutter {
 public:
  Cutter(const std::vector<Parameter>& parameters, RequestKind& kind) : parameters_(parameters), kind_(kind) {}

  Result<void> Cut(std::string_view text, bool encode, std::vector<Piece>& pieces) {
    while (true) {
      const size_t begin = text.find("${");
      Literal(text.substr(0, begin), pieces);
      if (begin == std::string_view::npos) return {};
      const size_t end = text.find('}', begin);
      if (end == std::string_view::npos) {
        return Error(ErrorId::kConfigInvalid, "a \"${\" has no \"}\"").WithDetail("request \"" + kind_.name + "\"");
      }
      const std::string name(text.substr(begin + 2, end - begin - 2));
      PANDO_TRY(const int parameter, Find(name));
      pieces.back().parameter = parameter;
      pieces.back().encode = encode;
      pieces.push_back({});
      auto& used = kind_.parameters;
      if (std::find(used.begin(), used.end(), parameter) == used.end()) used.push_back(parameter);
      text.remove_prefix(end + 1);
    }
  }

  static void Literal(std::string_view text, std::vector<Piece>& pieces) {
    if (pieces.empty()) pieces.push_back({});
    pieces.back().literal += text;
  }

 private:
  Result<int> Find(const std::string& name) const {
    std::vector<std::string> known;
    for (size_t i = 0; i < parameters_.size(); ++i) {
      if (parameters_[i].name == name) return static_cast<int>(i);
      known.push_back(parameters_[i].name);
    }
    const Error error = Error(ErrorId::kConfigUnknownKey, "there is no parameter \"" + name + "\"")
                            .WithDetail("request \"" + kind_.name + "\"");
    const auto hint = config::NearestHint(name, known);
    return error.WithHint(hint ? *hint : "declare it as [parameters." + name + "]");
  }

  const std::vector<Parameter>& parameters_;
  RequestKind& kind_;
};

bool HasBreak(std::string_view text) { return text.find_first_of("\r\n") != std::string_view::npos; }

Result<void> Check(const RequestSpec& spec) {
  const auto refuse = [&](const std::string& why) {
    return Error(ErrorId::kConfigInvalid, why).WithDetail("request \"" + spec.name + "\"");
  };
  if (!(spec.weight >= 0)) return refuse("the weight must not be negative");
  if (!spec.path.starts_with('/')) return refuse("the path must begin with \"/\"");
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const bool is_word = !spec.method.empty() && std::all_of(spec.method.begin(), spec.method.end(), is_upper);
  if (!is_word) return refuse("the method must be a word in capitals");
  if (spec.path.find_first_of(" \r\n") != std::string::npos) return refuse("the path holds a blank or a line break");
  for (const auto& [name, value] : spec.headers) {
    if (name.empty() || HasBreak(name) || HasBreak(value)) return refuse("a header is empty or holds a line break");
  }
  return {};
}

Result<RequestKind> MakeKind(const RequestSpec& spec, const std::vector<Parameter>& parameters,
                             const std::vector<std::pair<std::string, std::string>>& headers,
                             const std::string& authority) {
  PANDO_CHECK(Check(spec));
  RequestKind kind;
  kind.name = spec.name;
  kind.is_head = spec.method == "HEAD";
  kind.has_body = !spec.body.empty() || spec.method == "POST" || spec.method == "PUT" || spec.method == "PATCH";
  kind.expected = spec.expected;
  Cutter cutter(parameters, kind);
  Cutter::Literal(spec.method + " ", kind.head);
  PANDO_CHECK(cutter.Cut(spec.path, true, kind.head));
  Cutter::Literal(" HTTP/1.1\r\nHost: " + authority + "\r\n", kind.head);
  for (const auto* list : {&headers, &spec.headers}) {
    for (const auto& [name, value] : *list) {
      Cutter::Literal(name + ": ", kind.head);
      PANDO_CHECK(cutter.Cut(value, false, kind.head));
      Cutter::Literal("\r\n", kind.head);
    }
  }
  Cutter::Literal(kind.has_body ? "Content-Length: " : "\r\n", kind.head);
  if (kind.has_body) PANDO_CHECK(cutter.Cut(spec.body, false, kind.body));
  return kind;
}

}  // namespace

bool RequestKind::Expects(int status) const {
  if (expected.empty()) return status >= 200 && status < 400;
  return std::find(expected.begin(), expected.end(), status) != expected.end();
}

Result<Workload> Workload::Make(std::vector<Parameter> parameters, const std::vector<RequestSpec>& requests,
                                const std::vector<std::pair<std::string, std::string>>& headers,
                                const std::string& authority) {
  Workload workload;
  workload.parameters_ = std::move(parameters);
  for (const Parameter& parameter : workload.parameters_) {
    workload.scatters_.emplace_back(parameter.scatter ? parameter.sampler.count() : 1);
  }
  double total = 0;
  for (const RequestSpec& spec : requests) {
    PANDO_TRY(RequestKind kind, MakeKind(spec, workload.parameters_, headers, authority));
    workload.kinds_.push_back(std::move(kind));
    total += spec.weight;
    workload.thresholds_.push_back(total);
  }
  if (!(total > 0)) return Error(ErrorId::kConfigInvalid, "the scenario has no request with a weight");
  for (double& threshold : workload.thresholds_) threshold /= total;
  return workload;
}

RequestMaker::RequestMaker(const Workload& workload, uint64_t seed, uint32_t index, uint32_t count)
    : workload_(workload), random_(seed, index), count_(count), values_(workload.parameters_.size()) {
  PANDO_ASSERT(index < count);
  for (const Parameter& parameter : workload.parameters_) sequences_.push_back(parameter.first + index);
}

uint32_t RequestMaker::Make(std::string& out) {
  const uint32_t position = DrawKind();
  const RequestKind& kind = workload_.kinds_[position];
  for (const int parameter : kind.parameters) DrawValue(parameter);
  out.clear();
  Append(out, kind.head);
  if (!kind.has_body) return position;
  body_.clear();
  Append(body_, kind.body);
  AppendNumber(out, body_.size());
  out += "\r\n\r\n";
  out += body_;
  return position;
}

uint32_t RequestMaker::DrawKind() {
  const std::vector<double>& thresholds = workload_.thresholds_;
  if (thresholds.size() == 1) return 0;
  const double drawn = random_.Unit();
  uint32_t kind = 0;
  while (kind + 1 < thresholds.size() && drawn >= thresholds[kind]) ++kind;
  return kind;
}

void RequestMaker::DrawValue(int index) {
  const auto position = static_cast<size_t>(index);
  const Parameter& parameter = workload_.parameters_[position];
  std::string& value = values_[position];
  int64_t number = 0;
  if (parameter.is_sequence) {
    number = sequences_[position];
    sequences_[position] += count_;
  } else {
    const uint64_t rank = parameter.sampler.Draw(random_);
    if (!parameter.values.empty()) {
      value = parameter.values[rank];
      return;
    }
    number = parameter.first + static_cast<int64_t>(parameter.scatter ? workload_.scatters_[position](rank) : rank);
  }
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  value.assign(digits, end);
}

void RequestMaker::Append(std::string& out, const std::vector<Piece>& pieces) const {
  for (const Piece& piece : pieces) {
    out += piece.literal;
    if (piece.parameter < 0) continue;
    const std::string& value = values_[static_cast<size_t>(piece.parameter)];
    if (piece.encode) {
      AppendEncoded(out, value);
    } else {
      out += value;
    }
  }
}

}  // namespace pando::bench
