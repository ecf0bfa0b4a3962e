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
  Ruler(Scene& scene, unsigned seed) : scene_(scene), random_(seed) {}

  void Run() {
    Make(Policy(kGroups / 2), [](Rule& rule) { rule.shown = kGroups / 2; });
    while (!scene_.done) {
      std::this_thread::sleep_for(milliseconds(200 + random_() % 600));
      Change();
    }
    Make("grant select on things to anon, authenticated",
         [](Rule& rule) { rule.anonymous = rule.authenticated = true; });
  }

 private:
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

  Scene& scene_;
  std::mt19937 random_;
  Database database_;
};
