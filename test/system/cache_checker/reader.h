// Reads at random, and checks each answer.
//
// Concurrency  one thread each
#pragma once

#include <functional>
#include <optional>
#include <random>
#include <thread>

#include "http_client.h"
#include "scene.h"

class Reader {
 public:
  Reader(Scene& scene, Findings& findings, unsigned seed)
      : scene_(scene), findings_(findings), random_(seed), client_(scene.port) {
    for (int id = 1; id <= kRows; ++id) everybody_.push_back(id);
  }

  void Run() {
    while (!scene_.done) Ask(Choose());
  }

 private:
  struct Question {
    std::string path;
    int id = 0;                // asked for alone; 0: any
    int group = kGone;         // asked for; kGone: any
    bool all = true;           // whoever matches is in the answer
    bool is_follower = false;  // of the table that follows things, and has no policies
    bool has_follower = false;
  };

  Question Choose() {
    const unsigned dice = random_() % 100;
    Question asked;
    // Some are popular.
    const int id = 1 + static_cast<int>(random_() % 2 == 0 ? 13 * (random_() % 18) : random_() % kRows);
    const std::string group = std::to_string(id % kGroups);
    if (dice < 60) {
      asked.id = id;
      asked.path = "things?id=eq." + std::to_string(id);
      if (dice < 8 && scene_.has_followers()) {
        asked.is_follower = true;
        asked.path = "followers?select=id,ver&id=eq." + std::to_string(id);
      } else if (dice < 16 && scene_.has_followers()) {
        asked.has_follower = true;
        asked.path = "things?select=id,ver,followers(ver)&id=eq." + std::to_string(id);
      }
      return asked;
    }
    if (dice < 95) asked.group = id % kGroups;
    asked.path = "things?grp=eq." + group + "&order=id";
    if (dice >= 75) asked.path = "groups?select=group:id,things(id,ver)&id=eq." + group;
    if (dice >= 85) asked.path = "things?select=id,ver&grp=eq." + group + "&order=id.desc&limit=5";
    if (dice >= 95) asked.path = "things?select=id,grp,ver&ver=gte.0&order=id&limit=300";
    asked.all = dice < 85 || dice >= 95;
    return asked;
  }

  void Ask(const Question& asked) {
    // Often the same twice on a connection.
    if (random_() % 2 == 0) caller_ = &scene_.callers[random_() % scene_.callers.size()];
    const Clock::time_point begin = Clock::now();
    const std::optional<Answer> answer = client_.Ask("GET", asked.path, caller_->fields);
    const Clock::time_point end = Clock::now();
    if (answer && (answer->status == 401 || answer->status == 403) && MayBeRefused(begin, end)) {
      ++findings_.hidden;
      return;
    }
    if (!answer || answer->status != 200) {
      const auto took = std::chrono::duration_cast<milliseconds>(end - begin).count();
      findings_.Fail(asked.path + ": " + (answer ? std::to_string(answer->status) + " " + answer->body : "no answer") +
                     " after " + std::to_string(took) + " ms");
      std::this_thread::sleep_for(milliseconds(5));
      return;
    }
    ++findings_.reads;
    if (answer->hit) ++findings_.hits;
    if (asked.id == 0) ++findings_.lists;
    Check(asked, *answer, begin, end);
  }

  bool MayBeRefused(Clock::time_point begin, Clock::time_point end) const {
    const std::vector<Rule> rules = scene_.RulesBetween(begin, end);
    return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return !rule.Grants(caller_->role); });
  }

  void Check(const Question& asked, const Answer& answer, Clock::time_point begin, Clock::time_point end) {
    const std::string what = (answer.hit ? "kept " : "fresh ") + asked.path;
    const std::vector<Rule> rules = scene_.RulesBetween(begin, end);
    if (!asked.is_follower &&
        std::none_of(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.Grants(caller_->role); }))
      findings_.Tell(what + ": answered to a role that had no right to read");
    const std::map<int, int64_t> found = ParseRows(answer.body);
    for (const int id : everybody_) {
      if (asked.id == 0 || asked.id == id) CheckRow(asked, id, found, rules, begin, end, what);
    }
    if (asked.has_follower) CheckFollower(answer.body, what);
  }

  void CheckRow(const Question& asked, int id, const std::map<int, int64_t>& found, const std::vector<Rule>& rules,
                Clock::time_point begin, Clock::time_point end, const std::string& what) {
    const History<Row>& row = scene_.rows[static_cast<size_t>(id)];
    const std::vector<Row> possible = row.Between(begin - scene_.bound, end);
    const auto matches = [&](const Row& state) {
      return state.group != kGone && (asked.group == kGone || state.group == asked.group);
    };
    // By one rule of that time at least.
    const auto shown = [&](const Row& state, bool wanted) {
      if (asked.is_follower) return wanted;
      return std::any_of(rules.begin(), rules.end(),
                         [&](const Rule& rule) { return rule.Shows(*caller_, state.group) == wanted; });
    };
    const auto seen = found.find(id);
    const bool right =
        seen == found.end()
            ? !asked.all || std::any_of(possible.begin(), possible.end(),
                                        [&](const Row& state) { return !matches(state) || shown(state, false); })
            : std::any_of(possible.begin(), possible.end(), [&](const Row& state) {
                return matches(state) && state.version == seen->second && shown(state, true);
              });
    if (right) return;
    const auto age = std::chrono::duration_cast<milliseconds>(end - row.now().sure_from);
    findings_.Tell(what + ": row " + std::to_string(id) + " is " +
                   (seen == found.end() ? "missing" : "of version " + std::to_string(seen->second)) + ", where " +
                   std::to_string(possible.front().version) + " to " + std::to_string(possible.back().version) +
                   " are possible, the last since " + std::to_string(age.count()) + " ms");
  }

  // What a trigger keeps is of the same moment, in the same answer.
  void CheckFollower(const std::string& body, const std::string& what) {
    constexpr std::string_view kVersion = "\"ver\":";
    const size_t first = body.find(kVersion);
    if (first == std::string::npos) return;
    const size_t second = body.find(kVersion, first + 1);
    const auto number = [&](size_t at) { return std::strtoll(body.c_str() + at + kVersion.size(), nullptr, 10); };
    if (second == std::string::npos || number(first) != number(second)) findings_.Tell(what + ": " + body);
  }

  Scene& scene_;
  Findings& findings_;
  std::mt19937 random_;
  Client client_;
  std::vector<int> everybody_;
  const Caller* caller_ = &scene_.callers.front();
};
