#include "bench/scenario.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>

#include "config/nearest.h"
#include "config/value.h"

namespace pando::bench {
namespace {

constexpr size_t kFileBytesMax = size_t{1} << 20;
constexpr int64_t kNumberMax = int64_t{1} << 53;

// One table of the file, asked for its keys by name. What was not asked for is not known, and Finish() says so.
class Table {
 public:
  Table(const toml::table& table, std::string file, std::string title)
      : table_(table), file_(std::move(file)), title_(std::move(title)) {}

  Result<void> Text(const char* key, std::string& value) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {};
    if (!node->is_string()) return Wrong(*node, key, "a text");
    value = **node->as_string();
    return {};
  }

  Result<void> Flag(const char* key, bool& value) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {};
    if (!node->is_boolean()) return Wrong(*node, key, "true or false");
    value = **node->as_boolean();
    return {};
  }

  // Both integers and fractions, within the range.
  Result<void> Number(const char* key, double& value, double min, double max) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {};
    const std::optional<double> number = node->value<double>();
    const bool is_number = node->is_integer() || node->is_floating_point();
    if (!is_number || !number || !(*number >= min && *number <= max)) {
      return Wrong(*node, key, "a number from " + Plain(min) + " to " + Plain(max));
    }
    value = *number;
    return {};
  }

  template <class Integer>
  Result<void> Whole(const char* key, Integer& value, int64_t min, int64_t max) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {};
    const toml::value<int64_t>* number = node->as_integer();
    if (number == nullptr || **number < min || **number > max) {
      return Wrong(*node, key, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    }
    value = static_cast<Integer>(**number);
    return {};
  }

  Result<void> Span(const char* key, milliseconds& value) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {};
    std::optional<milliseconds> span;
    if (node->is_string()) span = config::ParseMilliseconds(config::Text{**node->as_string()});
    if (!span || span->count() <= 0) return Wrong(*node, key, "a number with its unit, such as \"10s\" or \"500ms\"");
    value = *span;
    return {};
  }

  // The position in `words`.
  Result<void> Choice(const char* key, const std::vector<std::string>& words, size_t& value) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {};
    const std::string text = node->is_string() ? **node->as_string() : std::string();
    const auto found = std::find(words.begin(), words.end(), text);
    if (found == words.end()) {
      const auto nearest = config::NearestHint(text, words);
      const Error error = Wrong(*node, key, "one of " + Joined(words));
      return nearest ? error.WithHint(*nearest) : error;
    }
    value = static_cast<size_t>(found - words.begin());
    return {};
  }

  // Every entry as text: of a table of headers.
  Result<void> Texts(const char* key, std::vector<std::pair<std::string, std::string>>& value) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {};
    if (!node->is_table()) return Wrong(*node, key, "a table of texts");
    for (const auto& [name, inner] : *node->as_table()) {
      if (!inner.is_string()) return Wrong(inner, std::string(name.str()), "a text");
      value.emplace_back(std::string(name.str()), **inner.as_string());
    }
    return {};
  }

  // Calls `read(Table, name)` for each table below `key`: the entries of a table, or the elements of an array.
  template <class Read>
  Result<void> Each(const char* key, Read read) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {};
    const std::string place = title_.empty() ? key : title_ + "." + key;
    if (const toml::table* tables = node->as_table(); tables != nullptr && !table_[key].is_array()) {
      for (const auto& [name, inner] : *tables) {
        if (!inner.is_table()) return Wrong(inner, std::string(name.str()), "a table");
        PANDO_CHECK(
            read(Table(*inner.as_table(), file_, place + "." + std::string(name.str())), std::string(name.str())));
      }
      return {};
    }
    if (!node->is_array()) return Wrong(*node, key, "[[" + place + "]]");
    for (const toml::node& inner : *node->as_array()) {
      if (!inner.is_table()) return Wrong(inner, key, "[[" + place + "]]");
      PANDO_CHECK(read(Table(*inner.as_table(), file_, place), std::string()));
    }
    return {};
  }

  // An array whose elements are all texts, or all whole numbers.
  template <class Element, class Value>
  Result<void> List(const char* key, std::vector<Value>& value, const std::string& wanted) {
    const toml::node* node = Find(key);
    if (node == nullptr) return {};
    if (!node->is_array()) return Wrong(*node, key, wanted);
    for (const toml::node& inner : *node->as_array()) {
      const std::optional<Element> element = inner.is<Element>() ? inner.value_exact<Element>() : std::nullopt;
      if (!element) return Wrong(inner, key, wanted);
      value.push_back(static_cast<Value>(*element));
    }
    return {};
  }

  bool Has(const char* key) const { return table_.contains(key); }

  Result<void> Finish() const {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
      const std::string place = title_.empty() ? "a scenario" : "[" + title_ + "]";
      const Error error = Error(ErrorId::kConfigUnknownKey, place + " has no \"" + name + "\"")
                              .WithDetail(file_ + ":" + std::to_string(key.source().begin.line));
      const auto hint = config::NearestHint(name, asked_);
      return error.WithHint(hint ? *hint : "there are " + Joined(asked_));
    }
    return {};
  }

  // The table as a whole is wrong.
  Error Refuse(const std::string& why) const {
    return Error(ErrorId::kConfigInvalid, why).WithDetail(Where(table_) + ", [" + title_ + "]");
  }

 private:
  const toml::node* Find(const char* key) {
    asked_.emplace_back(key);
    return table_.get(key);
  }

  std::string Where(const toml::node& node) const { return file_ + ":" + std::to_string(node.source().begin.line); }

  Error Wrong(const toml::node& node, const std::string& key, const std::string& wanted) const {
    return Error(ErrorId::kConfigInvalid, "\"" + key + "\" must be " + wanted).WithDetail(Where(node));
  }

  static std::string Joined(const std::vector<std::string>& words) {
    std::string joined;
    for (const std::string& word : words) joined += (joined.empty() ? "" : ", ") + word;
    return joined;
  }

  static std::string Plain(double number) {
    std::string text = std::to_string(number);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
  }

  const toml::table& table_;
  std::string file_;
  std::string title_;
  std::vector<std::string> asked_;
};

enum Draw : size_t { kUniform, kZipf, kHot, kSequence };

Result<Parameter> ReadParameter(Table table, const std::string& name) {
  Parameter parameter;
  parameter.name = name;
  size_t draw = kUniform;
  int64_t to = 0;
  double exponent = 0.99, draws = 0.9, keys = 0.1;
  PANDO_CHECK(table.Choice("draw", {"uniform", "zipf", "hot", "sequence"}, draw));
  PANDO_CHECK(table.Whole("from", parameter.first, -kNumberMax, kNumberMax));
  PANDO_CHECK(table.Whole("to", to, -kNumberMax, kNumberMax));
  PANDO_CHECK((table.List<std::string, std::string>("values", parameter.values, "a list of texts")));
  PANDO_CHECK(table.Flag("scatter", parameter.scatter));
  if (draw == kZipf) PANDO_CHECK(table.Number("exponent", exponent, 0.01, 10));
  if (draw == kHot) PANDO_CHECK(table.Number("hot_draws", draws, 0, 1));
  if (draw == kHot) PANDO_CHECK(table.Number("hot_keys", keys, 0, 1));
  PANDO_CHECK(table.Finish());
  parameter.is_sequence = draw == kSequence;
  if (parameter.is_sequence) return parameter;
  if (table.Has("values") == table.Has("to")) return table.Refuse("a parameter has either \"to\" or \"values\"");
  if (parameter.values.empty() && to < parameter.first) return table.Refuse("\"to\" is less than \"from\"");
  const uint64_t count =
      parameter.values.empty() ? static_cast<uint64_t>(to - parameter.first) + 1 : parameter.values.size();
  if (draw == kZipf) parameter.sampler = Sampler::Zipf(count, exponent);
  if (draw == kHot) parameter.sampler = Sampler::HotSet(count, draws, keys);
  if (draw == kUniform) parameter.sampler = Sampler::Uniform(count);
  return parameter;
}

Result<RequestSpec> ReadRequest(Table table) {
  RequestSpec request;
  PANDO_CHECK(table.Text("name", request.name));
  PANDO_CHECK(table.Number("weight", request.weight, 0, 1e9));
  PANDO_CHECK(table.Text("method", request.method));
  PANDO_CHECK(table.Text("path", request.path));
  PANDO_CHECK(table.Texts("headers", request.headers));
  PANDO_CHECK(table.Text("body", request.body));
  PANDO_CHECK((table.List<int64_t, int>("expect", request.expected, "a list of statuses")));
  PANDO_CHECK(table.Finish());
  if (request.path.empty()) return table.Refuse("a request needs a \"path\"");
  if (request.name.empty()) request.name = request.method + " " + request.path;
  return request;
}

Result<Phase> ReadPhase(Table table) {
  Phase phase;
  milliseconds duration{0};
  PANDO_CHECK(table.Text("name", phase.name));
  PANDO_CHECK(table.Number("rate", phase.rate, 0, kRateMax));
  phase.rate_to = phase.rate;
  PANDO_CHECK(table.Number("to", phase.rate_to, 0, kRateMax));
  PANDO_CHECK(table.Span("duration", duration));
  PANDO_CHECK(table.Flag("measured", phase.measured));
  PANDO_CHECK(table.Finish());
  if (duration.count() == 0) return table.Refuse("a phase needs a \"duration\"");
  if (!table.Has("rate")) return table.Refuse("a phase needs a \"rate\"");
  phase.duration = duration;
  return phase;
}

Result<Scenario> ReadRoot(Table root) {
  Scenario scenario;
  size_t arrivals = 1;
  PANDO_CHECK(root.Text("name", scenario.name));
  PANDO_CHECK(root.Text("url", scenario.url));
  PANDO_CHECK(root.Whole("seed", scenario.seed, 0, INT64_MAX));
  PANDO_CHECK(root.Whole("connections", scenario.connections, 1, kConnectionsMax));
  PANDO_CHECK(root.Whole("threads", scenario.threads, 1, kThreadsMax));
  PANDO_CHECK(root.Choice("arrivals", {"constant", "poisson"}, arrivals));
  PANDO_CHECK(root.Span("timeout", scenario.timeout));
  PANDO_CHECK(root.Span("slo", scenario.slo));
  PANDO_CHECK(root.Texts("headers", scenario.headers));
  PANDO_CHECK(root.Each("parameters", [&](Table table, const std::string& name) -> Result<void> {
    PANDO_TRY(Parameter parameter, ReadParameter(std::move(table), name));
    scenario.parameters.push_back(std::move(parameter));
    return {};
  }));
  PANDO_CHECK(root.Each("requests", [&](Table table, const std::string&) -> Result<void> {
    PANDO_TRY(RequestSpec request, ReadRequest(std::move(table)));
    scenario.requests.push_back(std::move(request));
    return {};
  }));
  PANDO_CHECK(root.Each("phases", [&](Table table, const std::string&) -> Result<void> {
    PANDO_TRY(Phase phase, ReadPhase(std::move(table)));
    if (phase.name.empty()) phase.name = "phase " + std::to_string(scenario.phases.size() + 1);
    scenario.phases.push_back(std::move(phase));
    return {};
  }));
  PANDO_CHECK(root.Finish());
  scenario.arrivals = arrivals == 0 ? Arrivals::kConstant : Arrivals::kPoisson;
  return scenario;
}

}  // namespace

Result<Scenario> ParseScenario(std::string_view text, const std::string& name) {
  const toml::parse_result result = toml::parse(text, name);
  if (!result) {
    const toml::source_position at = result.error().source().begin;
    return Error(ErrorId::kConfigInvalid, "the scenario is not TOML: " + std::string(result.error().description()))
        .WithDetail(name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column));
  }
  return ReadRoot(Table(result.table(), name, ""));
}

Result<Scenario> ReadScenario(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.eof() && !file) return Error(ErrorId::kConfigInvalid, "the scenario \"" + path + "\" cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kFileBytesMax) {
    return Error(ErrorId::kConfigInvalid, "the scenario \"" + path + "\" is larger than 1 MiB");
  }
  return ParseScenario(text, path);
}

}  // namespace pando::bench
