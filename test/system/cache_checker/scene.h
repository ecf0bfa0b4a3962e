// What a run is about: the rows with their histories, who may see them, and what was found.
//
// Concurrency  thread-safe
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "history.h"

using std::chrono::milliseconds;

constexpr int kRows = 240;
constexpr int kGroups = 24;
constexpr int kWriters = 3;
constexpr int kReaders = 4;
constexpr int kRowsEach = kRows / kWriters;

constexpr int kGone = -1;  // the group of a row that is not there

struct Row {
  int64_t version = 0;
  int group = kGone;
};

// A role with a right of its own to read.
enum class Role { kAnonymous, kAuthenticated, kStaff };

// Who asks. Fields are header lines.
struct Caller {
  Role role = Role::kAnonymous;
  int level = 0;  // the claim of that name
  std::string fields;
};

// What changes the rule.
enum class RuledBy { kNothing, kPolicies, kOwners, kSettings };

// Which groups are shown to whom, and whether at all.
struct Rule {
  bool Grants(Role role) const { return role == Role::kAnonymous ? anonymous : role == Role::kStaff || authenticated; }
  bool Shows(const Caller& caller, int group) const {
    const bool is_authenticated = caller.role == Role::kAuthenticated;
    if (caller.role == Role::kStaff || (is_authenticated && owned)) return true;
    const int by_role = is_authenticated && shown_authenticated ? *shown_authenticated : shown;
    return group < std::min({by_role, allowed, configured}) + kShownALevel * caller.level;
  }

  bool operator==(const Rule&) const = default;

  static constexpr int kShownALevel = 6;
  int shown = kGroups;
  std::optional<int> shown_authenticated;  // to that role, instead of `shown`
  int allowed = kGroups;                   // by a function: no more is shown
  int configured = kGroups;                // by a setting of the application: likewise
  bool owned = false;  // by a role of which "authenticated" is a member: policies do not hold for it
  bool anonymous = true, authenticated = true;
};

// A function's own setting holds at once, and a session's when the session is replaced: the later of two changes may be
// seen before the earlier one. So each part of the rule may be that of another moment.
inline std::vector<Rule> Mixed(const std::vector<Rule>& rules) {
  std::vector<Rule> mixed = {rules.front()};
  const auto vary = [&](auto Rule::*part) {
    std::vector<Rule> varied;
    for (const Rule& one : mixed) {
      for (const Rule& other : rules) {
        Rule rule = one;
        rule.*part = other.*part;
        if (std::find(varied.begin(), varied.end(), rule) == varied.end()) varied.push_back(rule);
      }
    }
    mixed = std::move(varied);
  };
  vary(&Rule::shown);
  vary(&Rule::shown_authenticated);
  vary(&Rule::allowed);
  vary(&Rule::configured);
  return mixed;
}

struct Scene {
  uint16_t port = 0;
  milliseconds bound{0};
  int seconds = 0;
  unsigned seed = 0;
  RuledBy ruled_by = RuledBy::kNothing;
  bool leaves = false;                   // things is partitioned, a leaf for each writer, and truncated
  bool crowd = false;                    // updates of other rows share transactions with those that are looked at
  std::map<std::string, double> enough;  // by the names of the counts that are reported
  std::vector<Caller> callers = {Caller()};
  std::string writer_fields;

  std::atomic<bool> done{false};
  std::vector<History<Row>> rows = std::vector<History<Row>>(kRows + 1);  // by id, from 1
  History<Rule> rule;
  // Held by who writes rows; alone by who writes those of all.
  std::shared_mutex all_rows;

  // Rows are shown by policies.
  bool has_policies() const { return ruled_by != RuledBy::kNothing; }
  // How long an earlier rule may be seen. What no event tells is found by a look at the schema twice a second, and a
  // catalog that is being loaded at that moment is loaded once more.
  milliseconds rule_bound() const { return is_ruled_by_events() ? bound : 2 * bound; }
  // All rules that may have held from `begin` to `end`.
  std::vector<Rule> RulesBetween(std::chrono::steady_clock::time_point begin,
                                 std::chrono::steady_clock::time_point end) const {
    const std::vector<Rule> rules = rule.Between(begin - rule_bound(), end);
    return ruled_by == RuledBy::kSettings ? Mixed(rules) : rules;
  }
  bool is_ruled_by_events() const { return ruled_by != RuledBy::kOwners && ruled_by != RuledBy::kSettings; }
  // Kept by a trigger.
  bool has_followers() const { return !leaves && !crowd; }

  // Of each writer's rows. Leaves are ranges of ids.
  int IdOf(int writer, int number) const {
    return leaves ? 1 + writer * kRowsEach + number : 1 + writer + kWriters * number;
  }
};

inline std::string TokenField(const std::string& token) { return "Authorization: Bearer " + token + "\r\n"; }

// Lines of a role, a level and a token.
inline std::vector<Caller> ParseCallers(const std::string& text) {
  std::vector<Caller> callers;
  std::istringstream lines(text);
  std::string role, token;
  for (int level = 0; lines >> role >> level >> token;)
    callers.push_back({role == "staff" ? Role::kStaff : Role::kAuthenticated, level, TokenField(token)});
  return callers;
}

// Sentences about what went wrong, the first few of each kind.
class Findings {
 public:
  std::atomic<uint64_t> reads{0}, hits{0}, lists{0}, hidden{0}, own{0}, errors{0}, writes{0}, rules{0}, wrong{0};

  void Tell(const std::string& what) {
    ++wrong;
    Note(told_, what);
  }
  void Fail(const std::string& what) {
    ++errors;
    Note(failed_, what);
  }
  bool had_enough() const { return wrong > kToldMax; }
  // Whether each of these counts is larger than it says: one below 1 is a part of the reads.
  bool HasEnough(const std::map<std::string, double>& wanted) const {
    std::map<std::string, uint64_t> counts = Counts();
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& each) {
      const double least = each.second < 1 ? each.second * static_cast<double>(counts["reads"]) : each.second;
      return static_cast<double>(counts[each.first]) > least;
    });
  }

  std::string Json() const {
    const std::lock_guard lock(mutex_);
    std::string text = "{";
    for (const auto& [name, count] : Counts()) text += "\"" + name + "\": " + std::to_string(count) + ", ";
    return text + "\"told\": " + JsonOf(told_) + ", \"failed\": " + JsonOf(failed_) + "}";
  }

 private:
  static constexpr size_t kToldMax = 5;

  std::map<std::string, uint64_t> Counts() const {
    return {{"reads", reads},   {"hits", hits},     {"lists", lists}, {"hidden", hidden}, {"own", own},
            {"errors", errors}, {"writes", writes}, {"rules", rules}, {"wrong", wrong}};
  }
  static std::string JsonOf(const std::vector<std::string>& texts) {
    std::string json = "[";
    for (const std::string& text : texts) json += (json.size() > 1 ? ", \"" : "\"") + text + "\"";
    return json + "]";
  }
  void Note(std::vector<std::string>& texts, std::string text) {
    const auto breaks_json = [](unsigned char c) { return c == '"' || c == '\\' || c < 0x20; };
    std::replace_if(text.begin(), text.end(), breaks_json, '\'');
    const std::lock_guard lock(mutex_);
    if (texts.size() < kToldMax) texts.push_back(std::move(text));
  }

  mutable std::mutex mutex_;
  std::vector<std::string> told_, failed_;
};

// The numbers behind "id": and "ver": of each row.
inline std::map<int, int64_t> ParseRows(const std::string& body) {
  constexpr std::string_view kId = "{\"id\":", kVersion = "\"ver\":";
  std::map<int, int64_t> found;
  for (size_t at = body.find(kId); at != std::string::npos; at = body.find(kId, at + 1)) {
    const size_t version = body.find(kVersion, at);
    found[std::atoi(body.c_str() + at + kId.size())] =
        std::strtoll(body.c_str() + version + kVersion.size(), nullptr, 10);
  }
  return found;
}
