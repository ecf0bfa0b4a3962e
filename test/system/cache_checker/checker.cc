// Reads through the cache while rows are written, and checks each answer against what was written, and when.
//
//   checker PORT BOUND_MS SECONDS SEED [WORD...]      PostgreSQL as libpq's environment names it
//
// The run takes SECONDS. It then goes on, for kMoreSeconds at most, while the standard input is open, and until as much
// has happened as NAME=COUNT among the words says of a count of the report; `hits=0.05` is a part of the reads.
//
// REQUIRES the tables of ../cache_test.py: groups with 0 to 23; things, empty; and followers, which a trigger keeps.
// `policies` has things shown by the policy `shown`, which it changes, and takes and gives the right to read; `owners`
// and `settings` change owners and settings instead, by which that policy shows things (ruler.h); `leaves`
// has things partitioned into things_0 to things_2, which it truncates, and no followers; `crowd` has things without
// what keeps writes from sharing transactions (the trigger), and the rows -1 to -16, which are updated all the time.
//
// An answer to a read between t0 and t1 may show of each row any state that may have been seen between t0 - BOUND and
// t1 (history.h) by any rule of that time, and nothing else; a row all of whose states in that time are in the group
// that was asked for, and shown, must be there. Who has written through the API, signed in or with the position that
// came back, must see it at once. At the end, when all is quiet, every answer must be the database's.
//
// CALLERS are lines of a role, the claim "level", and a token; who has none is one more. Other writes over HTTP are
// with that in WRITER_TOKEN, who sees everything.
//
// Prints a JSON object; ends with 1 when an answer was wrong.
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "crowd.h"
#include "database.h"
#include "http_client.h"
#include "reader.h"
#include "ruler.h"
#include "scene.h"
#include "writer.h"

namespace {

class Quiet {
 public:
  Quiet(Scene& scene, Findings& findings) : scene_(scene), findings_(findings), client_(scene.port) {}

  void Check() {
    // From then on nothing may be seen but what is.
    std::this_thread::sleep_for(scene_.rule_bound());
    for (const Caller& caller : scene_.callers) {
      for (int id = 1; id <= kRows; ++id)
        Compare(caller, "things?id=eq." + std::to_string(id), "id = " + std::to_string(id));
      for (int group = 0; group < kGroups; ++group)
        Compare(caller, "things?grp=eq." + std::to_string(group) + "&order=id", "grp = " + std::to_string(group));
    }
  }

 private:
  // Three times: that it is kept as well.
  void Compare(const Caller& caller, const std::string& path, const std::string& where) {
    for (int again = 0; again < 3 && !findings_.had_enough(); ++again) {
      const std::optional<Answer> answer = AskUntilAnswered(caller, path);
      if (!answer) return;
      std::string shown;
      for (const auto& [id, version] : ParseRows(answer->body))
        shown += std::to_string(id) + ":" + std::to_string(version) + " ";
      const std::string expected = Expected(caller, where);
      if (shown != expected) findings_.Tell("quiet " + path + ": " + shown + "where it is " + expected);
    }
  }

  std::string Expected(const Caller& caller, const std::string& where) {
    const Rule rule = scene_.rule.now().value;
    std::string expected;
    for (const auto& row : database_.Query("select id, ver, grp from things where " + where + " order by id")) {
      if (rule.Shows(caller, std::atoi(row[2].c_str()))) expected += row[0] + ":" + row[1] + " ";
    }
    return expected;
  }

  // Who waits for longer is told.
  std::optional<Answer> AskUntilAnswered(const Caller& caller, const std::string& path) {
    for (const auto end = Clock::now() + std::chrono::seconds(20); Clock::now() < end;) {
      std::optional<Answer> answer = client_.Ask("GET", path, caller.fields);
      if (answer && answer->status == 200) return answer;
      std::this_thread::sleep_for(milliseconds(50));
    }
    findings_.Tell("quiet " + path + ": no answer");
    return std::nullopt;
  }

  Scene& scene_;
  Findings& findings_;
  Client client_;
  Database database_;
};

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

// On a machine that does something else as well it takes longer until enough has happened.
constexpr std::chrono::seconds kMoreSeconds{60};

bool InputEnded() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  char byte;
  return poll(&input, 1, 0) == 1 && read(STDIN_FILENO, &byte, 1) == 0;
}

void Play(Scene& scene, Findings& findings) {
  std::vector<std::jthread> threads;
  const unsigned seed = scene.seed * 1000;
  for (int i = 0; i < kWriters; ++i)
    threads.emplace_back([&, i] { Writer(scene, findings, i, seed + static_cast<unsigned>(i)).Run(); });
  for (int i = 0; i < kReaders; ++i)
    threads.emplace_back([&, i] { Reader(scene, findings, seed + 500 + static_cast<unsigned>(i)).Run(); });
  for (int i = 0; scene.crowd && i < kCrowd; ++i) threads.emplace_back([&, i] { Crowd(scene, findings, i).Run(); });
  if (scene.has_policies()) threads.emplace_back([&] { Ruler(scene, findings, seed + 900).Run(); });
  const Clock::time_point earliest = Clock::now() + std::chrono::seconds(scene.seconds);
  std::this_thread::sleep_until(earliest);
  while (!(InputEnded() && findings.HasEnough(scene.enough)) && Clock::now() < earliest + kMoreSeconds)
    std::this_thread::sleep_for(milliseconds(20));
  scene.done = true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  Scene scene;
  scene.port = static_cast<uint16_t>(std::atoi(argv[1]));
  scene.bound = milliseconds(std::atoi(argv[2]));
  scene.seconds = std::atoi(argv[3]);
  scene.seed = static_cast<unsigned>(std::atoi(argv[4]));
  for (int i = 5; i < argc; ++i) {
    scene.crowd = scene.crowd || std::strcmp(argv[i], "crowd") == 0;
    scene.leaves = scene.leaves || std::strcmp(argv[i], "leaves") == 0;
    const std::string word = argv[i];
    if (word == "policies") scene.ruled_by = RuledBy::kPolicies;
    if (word == "owners") scene.ruled_by = RuledBy::kOwners;
    if (word == "settings") scene.ruled_by = RuledBy::kSettings;
    if (const size_t equals = word.find('='); equals != std::string::npos)
      scene.enough.emplace(word.substr(0, equals), std::atof(word.c_str() + equals + 1));
  }
  for (Caller& caller : ParseCallers(Environment("CALLERS"))) scene.callers.push_back(std::move(caller));
  scene.writer_fields = TokenField(Environment("WRITER_TOKEN"));
  Findings findings;
  Play(scene, findings);
  Quiet(scene, findings).Check();
  std::printf("%s\n", findings.Json().c_str());
  return findings.wrong > 0 ? 1 : 0;
}
