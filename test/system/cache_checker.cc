// Reads through the cache while rows are written, and checks each answer against what was written, and when.
//
//   cache_checker PORT BOUND_MS SECONDS SEED [READERS WRITERS]      PostgreSQL as libpq's environment names it
//
// REQUIRES: a table groups (id int primary key) with 0 to 23, and a table things (id int primary key, grp int
// references groups, ver bigint, pad text), empty, that anon and the roles of the tokens may read, and update things.
//
// Each row has one writer, who keeps the history of its states: from when on a state may be seen (its commit was sent),
// and from when on the one before may not (its commit was acknowledged). An answer to a read between t0 and t1 may show
// of each row any state that may have been seen between t0 - BOUND and t1, and nothing else; a row all of whose states
// in that time are in the group that was asked for must be there. Who has written through the API, signed in or with
// the position that came back, must see it at once. At the end, when all is quiet, every answer must be the database's.
//
// Every other reader signs in with the token in READER_TOKEN, and every other write over HTTP is with that in
// WRITER_TOKEN, which is somebody else's.
//
// Prints a JSON object; ends with 1 when an answer was wrong.
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kRows = 240;
constexpr int kGroups = 24;
constexpr auto kHistoryKept = std::chrono::seconds(20);
constexpr size_t kToldMax = 5;

struct Options {
  int port = 0;
  milliseconds bound{0};
  int seconds = 0;
  unsigned seed = 0;
  int readers = 4, writers = 3;
} options;

std::atomic<bool> done{false};
std::atomic<uint64_t> reads{0}, hits{0}, lists{0}, own{0}, errors{0}, writes{0}, wrong{0};
std::mutex told_mutex;
std::vector<std::string> told, failed;

void Note(std::vector<std::string>& texts, std::string text) {
  const auto breaks_json = [](unsigned char c) { return c == '"' || c == '\\' || c < 0x20; };
  std::replace_if(text.begin(), text.end(), breaks_json, '\'');
  const std::lock_guard lock(told_mutex);
  if (texts.size() < kToldMax) texts.push_back(text);
}

void Tell(const std::string& what) {
  ++wrong;
  Note(told, what);
}

// ----------------------------------------------------------------------------------------------------------- history

constexpr int kGone = -1;  // the group of a row that is not there

struct State {
  int64_t version = 0;
  int group = kGone;
  Clock::time_point possible_from;                         // may be seen
  Clock::time_point sure_from = Clock::time_point::max();  // the one before may not
};

class Row {
 public:
  // What the writer is about to make of it; answers the number of the state.
  void Begin(int64_t version, int group) {
    const std::lock_guard lock(mutex_);
    while (states_.size() > 2 && states_[1].sure_from < Clock::now() - kHistoryKept) states_.pop_front();
    states_.push_back({version, group, Clock::now(), Clock::time_point::max()});
  }
  void Commit() {
    const std::lock_guard lock(mutex_);
    states_.back().sure_from = Clock::now();
  }
  // It is known not to have happened. Somebody may have looked meanwhile, but has seen nothing of it.
  void Undo() {
    const std::lock_guard lock(mutex_);
    states_.pop_back();
  }
  State now() const {
    const std::lock_guard lock(mutex_);
    return states_.back();
  }
  // All that may have been seen from `begin` to `end`.
  std::vector<State> Between(Clock::time_point begin, Clock::time_point end) const {
    const std::lock_guard lock(mutex_);
    std::vector<State> possible;
    for (size_t i = 0; i < states_.size(); ++i) {
      const auto until = i + 1 < states_.size() ? states_[i + 1].sure_from : Clock::time_point::max();
      if (states_[i].possible_from <= end && until >= begin) possible.push_back(states_[i]);
    }
    return possible;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<State> states_ = {State{0, kGone, Clock::time_point::min(), Clock::time_point::min()}};
};

std::vector<Row> rows(kRows + 1);  // by id, from 1

// -------------------------------------------------------------------------------------------------------------- HTTP

struct Answer {
  int status = 0;
  bool hit = false;
  std::string position;
  std::string body;
};

class Client {
 public:
  ~Client() { Close(); }

  // `fields` are header lines, each with its CRLF.
  std::optional<Answer> Ask(const std::string& method, const std::string& path, const std::string& body = "",
                            const std::string& fields = "") {
    if (socket_ < 0 && !Connect()) return std::nullopt;
    std::string request = method + " /rest/v1/" + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields;
    if (!body.empty())
      request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    request += "\r\n" + body;
    if (send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      return Fail();
    std::string text;
    size_t header = std::string::npos, length = 0;
    while (header == std::string::npos || text.size() < header + 4 + length) {
      char space[65536];
      const ssize_t bytes = recv(socket_, space, sizeof space, 0);
      if (bytes <= 0) return Fail();
      text.append(space, static_cast<size_t>(bytes));
      if (header != std::string::npos) continue;
      header = text.find("\r\n\r\n");
      if (header == std::string::npos) continue;
      const size_t field = text.find("Content-Length: ");
      length = field < header ? std::strtoul(text.c_str() + field + 16, nullptr, 10) : 0;
    }
    Answer answer;
    answer.status = std::atoi(text.c_str() + 9);
    answer.hit = std::string_view(text).substr(0, header).find("Cache-Status: pando; hit") != std::string_view::npos;
    const std::string name = "Pando-Position: ";
    if (const size_t at = text.find(name); at < header) {
      answer.position = text.substr(at + name.size(), text.find('\r', at) - at - name.size());
    }
    answer.body = text.substr(header + 4);
    return answer;
  }

 private:
  bool Connect() {
    socket_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(options.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return true;
    Close();
    return false;
  }
  void Close() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  std::nullopt_t Fail() {
    Close();
    return std::nullopt;
  }
  int socket_ = -1;
};

std::string TokenOf(const char* variable) {
  const char* const token = std::getenv(variable);
  return "Authorization: Bearer " + std::string(token ? token : "") + "\r\n";
}

// The numbers behind "id": and "ver": of each row.
std::map<int, int64_t> ParseRows(const std::string& body) {
  std::map<int, int64_t> found;
  for (size_t at = body.find("{\"id\":"); at != std::string::npos; at = body.find("{\"id\":", at + 1)) {
    const size_t version = body.find("\"ver\":", at);
    found[std::atoi(body.c_str() + at + 6)] = std::strtoll(body.c_str() + version + 6, nullptr, 10);
  }
  return found;
}

// ----------------------------------------------------------------------------------------------------------- readers

// `group`: that was asked for; kGone: any. With `all`, whoever is surely in the group must be there.
void Check(const std::map<int, int64_t>& found, const std::vector<int>& asked, int group, bool all,
           Clock::time_point begin, Clock::time_point end, const std::string& what) {
  for (const int id : asked) {
    const std::vector<State> possible = rows[static_cast<size_t>(id)].Between(begin - options.bound, end);
    const auto matches = [&](const State& state) {
      return state.group != kGone && (group == kGone || state.group == group);
    };
    const auto seen = found.find(id);
    const bool right =
        seen == found.end()
            ? !all || std::any_of(possible.begin(), possible.end(), [&](const State& state) { return !matches(state); })
            : std::any_of(possible.begin(), possible.end(),
                          [&](const State& state) { return matches(state) && state.version == seen->second; });
    if (right) continue;
    const auto age = std::chrono::duration_cast<milliseconds>(end - rows[static_cast<size_t>(id)].now().sure_from);
    Tell(what + ": row " + std::to_string(id) + " is " +
         (seen == found.end() ? "missing" : "of version " + std::to_string(seen->second)) + ", where " +
         std::to_string(possible.front().version) + " to " + std::to_string(possible.back().version) +
         " are possible, the last since " + std::to_string(age.count()) + " ms");
  }
}

void Read(unsigned seed, bool signed_in) {
  std::mt19937 random(seed);
  const std::string fields = signed_in ? TokenOf("READER_TOKEN") : "";
  Client client;
  std::vector<int> everybody;
  for (int id = 1; id <= kRows; ++id) everybody.push_back(id);
  while (!done) {
    const unsigned dice = random() % 100;
    // Some are popular.
    const int id = 1 + static_cast<int>(random() % (random() % 2 == 0 ? 20 : kRows));
    const int group = id % kGroups;
    std::string path = "things?id=eq." + std::to_string(id);
    if (dice >= 60) path = "things?grp=eq." + std::to_string(group) + "&order=id";
    if (dice >= 75) path = "groups?select=group:id,things(id,ver)&id=eq." + std::to_string(group);
    if (dice >= 85) path = "things?select=id,ver&grp=eq." + std::to_string(group) + "&order=id.desc&limit=5";
    if (dice >= 95) path = "things?select=id,grp,ver&ver=gte.0&order=id&limit=300";
    const Clock::time_point begin = Clock::now();
    const std::optional<Answer> answer = client.Ask("GET", path, "", fields);
    const Clock::time_point end = Clock::now();
    if (!answer || answer->status != 200) {
      ++errors;
      const auto took = std::chrono::duration_cast<milliseconds>(end - begin).count();
      Note(failed, path + ": " + (answer ? std::to_string(answer->status) + " " + answer->body : "no answer") +
                       " after " + std::to_string(took) + " ms");
      std::this_thread::sleep_for(milliseconds(5));
      continue;
    }
    ++reads;
    if (answer->hit) ++hits;
    const std::map<int, int64_t> found = ParseRows(answer->body);
    const std::string what = (answer->hit ? "kept " : "fresh ") + path;
    if (dice < 60) {
      Check(found, {id}, kGone, true, begin, end, what);
    } else {
      ++lists;
      Check(found, everybody, dice < 95 ? group : kGone, dice < 85 || dice >= 95, begin, end, what);
    }
  }
}

// ----------------------------------------------------------------------------------------------------------- writers

class Database {
 public:
  ~Database() { PQfinish(connection_); }

  // False when it failed; then the connection may be another.
  bool Run(const std::string& sql) {
    Connect();
    PGresult* result = PQexec(connection_, sql.c_str());
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  }
  // The rows that a query answers, as text.
  std::vector<std::vector<std::string>> Query(const std::string& sql) {
    while (true) {
      Connect();
      PGresult* result = PQexec(connection_, sql.c_str());
      std::vector<std::vector<std::string>> answer;
      const bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
      for (int row = 0; good && row < PQntuples(result); ++row) {
        answer.emplace_back();
        for (int column = 0; column < PQnfields(result); ++column)
          answer.back().push_back(PQgetvalue(result, row, column));
      }
      PQclear(result);
      if (good) return answer;
      std::this_thread::sleep_for(milliseconds(50));
    }
  }

 private:
  void Connect() {
    while (!connection_ || PQstatus(connection_) != CONNECTION_OK) {
      PQfinish(connection_);
      connection_ = PQconnectdb("");
      PQsetNoticeProcessor(
          connection_, [](void*, const char*) {}, nullptr);
      if (PQstatus(connection_) != CONNECTION_OK) std::this_thread::sleep_for(milliseconds(50));
    }
  }
  PGconn* connection_ = nullptr;
};

class Writer {
 public:
  Writer(int number, unsigned seed) : number_(number), random_(seed) {}

  void Run() {
    while (!done) {
      const unsigned dice = random_() % 100;
      if (dice < 30) {
        WriteOverHttp(dice < 15 ? TokenOf("WRITER_TOKEN") : "");
      } else {
        WriteTransaction(dice < 80 ? 1 : 2 + static_cast<int>(random_() % 4), dice >= 97);
      }
      ++writes;
      std::this_thread::sleep_for(std::chrono::microseconds(500 + random_() % 4000));
    }
  }

 private:
  // One of this writer's own.
  int AnyId() {
    return 1 + number_ + options.writers * static_cast<int>(random_() % static_cast<unsigned>(kRows / options.writers));
  }

  void WriteOverHttp(const std::string& fields) {
    const int id = AnyId();
    Row& row = rows[static_cast<size_t>(id)];
    const State before = row.now();
    if (before.group == kGone) return;
    row.Begin(before.version + 1, before.group);
    const std::optional<Answer> answer = client_.Ask("PATCH", "things?id=eq." + std::to_string(id),
                                                     "{\"ver\": " + std::to_string(before.version + 1) + "}", fields);
    if (!answer || answer->status != 204) return Resolve({id});
    row.Commit();
    CheckOwn(id, before.version + 1, fields.empty() ? "Pando-Position: " + answer->position + "\r\n" : fields);
  }

  // Over a connection that another event loop may serve.
  void CheckOwn(int id, int64_t version, const std::string& fields) {
    for (int again = 0; again < 3; ++again) {
      const std::optional<Answer> answer = other_client_.Ask("GET", "things?id=eq." + std::to_string(id), "", fields);
      if (!answer || answer->status != 200) return;
      ++own;
      const std::map<int, int64_t> found = ParseRows(answer->body);
      const auto seen = found.find(id);
      if (seen != found.end() && seen->second == version) continue;
      Tell((answer->hit ? "kept" : "fresh") + std::string(" own row ") + std::to_string(id) + " is not of version " +
           std::to_string(version) + ": " + answer->body);
    }
  }

  std::string Statement(int id) {
    Row& row = rows[static_cast<size_t>(id)];
    const State before = row.now();
    const std::string version = std::to_string(before.version + 1), key = std::to_string(id);
    const unsigned dice = random_() % 100;
    if (before.group == kGone) {
      const int group = id % kGroups;
      row.Begin(before.version + 1, group);
      return "insert into things values (" + key + ", " + std::to_string(group) + ", " + version +
             ", repeat('x', 40)) on conflict (id) do update set ver = excluded.ver, grp = excluded.grp;";
    }
    if (dice < 10) {
      row.Begin(before.version + 1, kGone);
      return "delete from things where id = " + key + ";";
    }
    int group = before.group;
    if (dice < 35) group = static_cast<int>(random_() % kGroups);
    row.Begin(before.version + 1, group);
    // Sometimes with a value so long that it is toasted, and then not in the log of later updates.
    const std::string pad =
        dice >= 95 ? ", pad = (select string_agg(md5(i::text), '') from generate_series(1, 200) i)" : "";
    return "update things set ver = " + version + ", grp = " + std::to_string(group) + pad + " where id = " + key + ";";
  }

  void WriteTransaction(int count, bool slow) {
    std::vector<int> ids;
    for (int i = 0; i < count; ++i) ids.push_back(AnyId());
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::string sql = "begin;";
    for (const int id : ids) sql += Statement(id);
    if (slow) sql += "select pg_sleep(0.3);";
    if (database_.Run(sql + "commit")) {
      for (const int id : ids) rows[static_cast<size_t>(id)].Commit();
    } else {
      database_.Run("rollback");
      Resolve(ids);
    }
  }

  // It is not known whether it happened.
  void Resolve(const std::vector<int>& ids) {
    // What was sent may still run.
    std::this_thread::sleep_for(milliseconds(100));
    for (const int id : ids) {
      Row& row = rows[static_cast<size_t>(id)];
      const State wanted = row.now();
      // Behind whoever holds the row.
      const auto found = database_.Query("select ver from things where id = " + std::to_string(id) + " for update");
      const bool happened =
          wanted.group == kGone ? found.empty() : !found.empty() && found[0][0] == std::to_string(wanted.version);
      happened ? row.Commit() : row.Undo();
    }
  }

  const int number_;
  std::mt19937 random_;
  Client client_, other_client_;
  Database database_;
};

// ------------------------------------------------------------------------------------------------------------- quiet

std::string Expected(Database& database, const std::string& where) {
  std::string expected;
  for (const auto& row : database.Query("select id, ver from things where " + where + " order by id")) {
    expected += row[0] + ":" + row[1] + " ";
  }
  return expected;
}

// Who waits for longer is told.
std::optional<Answer> AskUntilAnswered(Client& client, const std::string& path) {
  for (const auto end = Clock::now() + std::chrono::seconds(20); Clock::now() < end;) {
    std::optional<Answer> answer = client.Ask("GET", path);
    if (answer && answer->status == 200) return answer;
    std::this_thread::sleep_for(milliseconds(50));
  }
  Tell("quiet " + path + ": no answer");
  return std::nullopt;
}

void CheckQuiet() {
  std::this_thread::sleep_for(options.bound + milliseconds(500));
  Database database;
  Client client;
  const auto check = [&](const std::string& path, const std::string& where) {
    for (int again = 0; again < 3; ++again) {
      if (wrong > kToldMax) return;
      const std::optional<Answer> answer = AskUntilAnswered(client, path);
      if (!answer) return;
      std::string shown;
      for (const auto& [id, version] : ParseRows(answer->body))
        shown += std::to_string(id) + ":" + std::to_string(version) + " ";
      const std::string expected = Expected(database, where);
      if (shown != expected) Tell("quiet " + path + ": " + shown + "where it is " + expected);
    }
  };
  for (int id = 1; id <= kRows; ++id) check("things?id=eq." + std::to_string(id), "id = " + std::to_string(id));
  for (int group = 0; group < kGroups; ++group) {
    check("things?grp=eq." + std::to_string(group) + "&order=id", "grp = " + std::to_string(group));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  options.port = std::atoi(argv[1]);
  options.bound = milliseconds(std::atoi(argv[2]));
  options.seconds = std::atoi(argv[3]);
  options.seed = static_cast<unsigned>(std::atoi(argv[4]));
  if (argc > 6) {
    options.readers = std::atoi(argv[5]);
    options.writers = std::atoi(argv[6]);
  }
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < options.writers; ++i) {
      threads.emplace_back([i] { Writer(i, options.seed * 1000 + static_cast<unsigned>(i)).Run(); });
    }
    for (int i = 0; i < options.readers; ++i)
      threads.emplace_back(Read, options.seed * 1000 + 500 + static_cast<unsigned>(i), i % 2 == 1);
    std::this_thread::sleep_for(std::chrono::seconds(options.seconds));
    done = true;
  }
  CheckQuiet();
  std::printf(
      "{\"reads\": %lu, \"hits\": %lu, \"lists\": %lu, \"own\": %lu, \"errors\": %lu, \"writes\": %lu, \"wrong\": %lu, "
      "\"told\": [",
      reads.load(), hits.load(), lists.load(), own.load(), errors.load(), writes.load(), wrong.load());
  for (size_t i = 0; i < told.size(); ++i) std::printf("%s\"%s\"", i == 0 ? "" : ", ", told[i].c_str());
  std::printf("], \"failed\": [");
  for (size_t i = 0; i < failed.size(); ++i) std::printf("%s\"%s\"", i == 0 ? "" : ", ", failed[i].c_str());
  std::printf("]}\n");
  return wrong > 0 ? 1 : 0;
}
