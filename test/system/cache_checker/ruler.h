// Changes who may see what.
//
// Concurrency  one thread
#pragma once

#include <random>
#include <thread>

#include "database.h"
#include "scene.h"

class Ruler {
 public:
  Ruler(Scene& scene, const Findings& findings, unsigned seed) : scene_(scene), findings_(findings), random_(seed) {}

  void Run() {
    Make(Policy(kGroups / 2), [](Rule& rule) { rule.shown = kGroups / 2; });
    for (bool awaits = false; !scene_.done; awaits = !awaits) {
      std::this_thread::sleep_for(milliseconds(200 + random_() % 600));
      if (awaits) AwaitHits();
      Change();
    }
    Make("grant select on things to anon, authenticated",
         [](Rule& rule) { rule.anonymous = rule.authenticated = true; });
  }

 private:
  // A schema that changes all the time is never served from the cache, and a busy machine needs longer to keep answers
  // again than it is given between two changes.
  void AwaitHits() const {
    const uint64_t enough = findings_.hits + kHitsBetween;
    while (!scene_.done && findings_.hits < enough) std::this_thread::sleep_for(milliseconds(20));
  }

  void Change() {
    const Rule now = scene_.rule.now().value;
    switch (random_() % 4) {
      case 0:
        return Make(Grant(!now.anonymous, "anon"), [](Rule& rule) { rule.anonymous = !rule.anonymous; });
      case 1:
        return Make(Grant(!now.authenticated, "authenticated"),
                    [](Rule& rule) { rule.authenticated = !rule.authenticated; });
      default:
        const int shown = Rule::kShownALevel * static_cast<int>(random_() % 4);
        return Make(Policy(shown), [&](Rule& rule) { rule.shown = shown; });
    }
  }

  static std::string Grant(bool on, const std::string& role) {
    return (on ? "grant select on things to " : "revoke select on things from ") + role;
  }
  static std::string Policy(int shown) {
    return "alter policy shown on things using (grp < " + std::to_string(shown) + " + " +
           std::to_string(Rule::kShownALevel) +
           " * coalesce((nullif(current_setting('request.jwt.claims', true), '')::json ->> 'level')::int, 0))";
  }

  // Each may be made twice.
  template <class Edit>
  void Make(const std::string& sql, Edit edit) {
    Rule rule = scene_.rule.now().value;
    edit(rule);
    scene_.rule.Begin(rule);
    while (!database_.Run(sql)) std::this_thread::sleep_for(milliseconds(20));
    scene_.rule.Commit();
  }

  static constexpr uint64_t kHitsBetween = 50;

  Scene& scene_;
  const Findings& findings_;
  std::mt19937 random_;
  Database database_;
};
