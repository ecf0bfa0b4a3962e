// Changes who may see what: by policies and grants; by the owner of the table, and of a function that runs as its
// owner; or by settings of roles, of the database and of a function.
//
// Concurrency  one thread
#pragma once

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "database.h"
#include "scene.h"

class Ruler {
 public:
  Ruler(Scene& scene, Findings& findings, unsigned seed) : scene_(scene), findings_(findings), random_(seed) {}

  void Run() {
    for (bool awaits = false; !scene_.done; awaits = !awaits) {
      std::this_thread::sleep_for(milliseconds(200 + random_() % (scene_.is_ruled_by_events() ? 600 : 4000)));
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
    ++findings_.rules;
    switch (scene_.ruled_by) {
      case RuledBy::kOwners:
        return ChangeOwner();
      case RuledBy::kSettings:
        return ChangeSetting();
      default:
        return ChangePolicy();
    }
  }

  int AnyShown() { return Rule::kShownALevel * static_cast<int>(random_() % 4); }

  // ------------------------------------------------------------------------------------------------------- policies

  void ChangePolicy() {
    const Rule now = scene_.rule.now().value;
    switch (random_() % 4) {
      case 0:
        return Make(Grant(!now.anonymous, "anon"), [](Rule& rule) { rule.anonymous = !rule.anonymous; });
      case 1:
        return Make(Grant(!now.authenticated, "authenticated"),
                    [](Rule& rule) { rule.authenticated = !rule.authenticated; });
      default:
        const int shown = AnyShown();
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

  // --------------------------------------------------------------------------------------------------------- owners

  // No event trigger fires for REASSIGN OWNED.
  void ChangeOwner() {
    const Rule now = scene_.rule.now().value;
    const bool of_table = random_() % 2 == 0, reassigns = random_() % 2 == 0;
    const bool to_first = of_table ? !now.owned : now.allowed == kGroups;
    const std::string first = of_table ? "opened" : "few", second = of_table ? "closed" : "many";
    const std::string from = to_first ? second : first, to = to_first ? first : second;
    const std::string what = of_table ? "table things" : "function allowed()";
    Make(reassigns ? "reassign owned by " + from + " to " + to : "alter " + what + " owner to " + to, [&](Rule& rule) {
      if (of_table) {
        rule.owned = to_first;
      } else {
        rule.allowed = to_first ? kAllowedFew : kGroups;
      }
    });
  }

  // ------------------------------------------------------------------------------------------------------- settings

  void ChangeSetting() {
    const int shown = kGroups - AnyShown();
    switch (random_() % 5) {
      case 0:
        return Make("alter function allowed() set app.settings.allowed = '" + std::to_string(shown) + "'",
                    [&](Rule& rule) { rule.allowed = shown; });
      case 1:
        return Make("alter role authenticated set timezone = '" + Zone(shown) + "'",
                    [&](Rule& rule) { rule.shown_authenticated = shown; });
      case 2:
        return Make("alter role authenticated reset timezone", [](Rule& rule) { rule.shown_authenticated.reset(); });
      case 3:
        return Make(ForEverybody("app.settings.configured", std::to_string(shown)),
                    [&](Rule& rule) { rule.configured = shown; });
      default:
        return Make(ForEverybody("timezone", Zone(shown)), [&](Rule& rule) { rule.shown = shown; });
    }
  }

  // Where it is kGroups - `shown` o'clock when it is midnight in UTC. POSIX counts to the west.
  static std::string Zone(int shown) {
    const int hours = kGroups - shown;
    return "Etc/GMT" + (hours > 12 ? "+" + std::to_string(kGroups - hours) : "-" + std::to_string(hours));
  }

  // By one of the places from which a session begins with it; it is reset in the others, in the same transaction.
  std::string ForEverybody(const std::string& name, const std::string& value) {
    const std::vector<std::string> places = {"role authenticator", "role authenticator in database postgres",
                                             "database postgres", "role all"};
    std::string sql;
    for (const std::string& place : places) sql += "alter " + place + " reset " + name + ";";
    return sql + "alter " + places[random_() % places.size()] + " set " + name + " = '" + value + "'";
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
  static constexpr int kAllowedFew = 6;  // by allowed() in ../cache_checker_test.py, when "few" owns it

  Scene& scene_;
  Findings& findings_;
  std::mt19937 random_;
  Database database_;
};
