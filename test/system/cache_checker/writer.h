// Writes rows of its own at random, through Pando and past it, and keeps their histories.
//
// Concurrency  one thread each
#pragma once

#include <optional>
#include <random>
#include <thread>

#include "database.h"
#include "http_client.h"
#include "scene.h"

class Writer {
 public:
  Writer(Scene& scene, Findings& findings, int number, unsigned seed)
      : scene_(scene),
        findings_(findings),
        number_(number),
        random_(seed),
        client_(scene.port),
        other_client_(scene.port) {}

  void Run() {
    while (!scene_.done) {
      Write();
      ++findings_.writes;
      std::this_thread::sleep_for(std::chrono::microseconds(500 + random_() % 4000));
    }
  }

 private:
  void Write() {
    const unsigned dice = random_() % 100;
    if (scene_.leaves && dice == 0) return Truncate();
    const std::shared_lock lock(scene_.all_rows);
    if (dice < 30) {
      WriteOverHttp(dice < 15 || scene_.has_policies() ? scene_.writer_fields : "");
    } else {
      WriteTransaction(dice < 80 ? 1 : 2 + static_cast<int>(random_() % 4), dice >= 97);
    }
  }

  int AnyId() { return scene_.IdOf(number_, static_cast<int>(random_() % kRowsEach)); }
  History<Row>& RowOf(int id) { return scene_.rows[static_cast<size_t>(id)]; }

  // ------------------------------------------------------------------------------------------------- through Pando

  void WriteOverHttp(const std::string& fields) {
    const int id = AnyId();
    const Row before = RowOf(id).now().value;
    const std::string key = std::to_string(id), version = std::to_string(before.version + 1);
    Row after{before.version + 1, before.group};
    std::string method = "PATCH", path = "things?id=eq." + key, body = "{\"ver\": " + version + "}", preference;
    const unsigned dice = random_() % 10;
    if (before.group == kGone || dice < 2) {
      method = "POST", path = "things?on_conflict=id", preference = "Prefer: resolution=merge-duplicates\r\n";
      after.group = id % kGroups;
      body = "{\"id\": " + key + ", \"grp\": " + std::to_string(after.group) + ", \"ver\": " + version + "}";
    } else if (dice < 4) {
      method = "POST", path = "rpc/renew", body = "{\"thing\": " + key + ", \"version\": " + version + "}";
    } else if (dice < 5) {
      method = "DELETE", body.clear();
      after.group = kGone;
    }
    RowOf(id).Begin(after);
    const std::optional<Answer> answer = client_.Ask(method, path, fields + preference, body);
    if (!answer || answer->status < 200 || answer->status > 299) return Resolve({id});
    RowOf(id).Commit();
    CheckOwn(id, after, fields.empty() ? "Pando-Position: " + answer->position + "\r\n" : fields);
  }

  // Over a connection that another event loop may serve.
  void CheckOwn(int id, const Row& written, const std::string& fields) {
    for (int again = 0; again < 3; ++again) {
      const std::optional<Answer> answer = other_client_.Ask("GET", "things?id=eq." + std::to_string(id), fields);
      if (answer && (answer->status == 401 || answer->status == 403) && scene_.has_policies())
        findings_.Tell("own row " + std::to_string(id) + " is refused to who may read all");
      if (!answer || answer->status != 200) return;
      ++findings_.own;
      const std::map<int, int64_t> found = ParseRows(answer->body);
      const auto seen = found.find(id);
      const bool right =
          written.group == kGone ? seen == found.end() : seen != found.end() && seen->second == written.version;
      if (right) continue;
      findings_.Tell((answer->hit ? "kept" : "fresh") + std::string(" own row ") + std::to_string(id) +
                     " is not of version " + std::to_string(written.version) + ": " + answer->body);
    }
  }

  // ---------------------------------------------------------------------------------------------------- past Pando

  std::string Statement(int id) {
    const Row before = RowOf(id).now().value;
    const std::string version = std::to_string(before.version + 1), key = std::to_string(id);
    const unsigned dice = random_() % 100;
    if (before.group == kGone) {
      const int group = id % kGroups;
      RowOf(id).Begin({before.version + 1, group});
      return "insert into things values (" + key + ", " + std::to_string(group) + ", " + version +
             ", repeat('x', 40)) on conflict (id) do update set ver = excluded.ver, grp = excluded.grp;";
    }
    if (dice < 10) {
      RowOf(id).Begin({before.version + 1, kGone});
      return "delete from things where id = " + key + ";";
    }
    int group = before.group;
    if (dice < 35) group = static_cast<int>(random_() % kGroups);
    RowOf(id).Begin({before.version + 1, group});
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
    Commit(sql, ids);
  }

  // A leaf, or all of them at once.
  void Truncate() {
    const bool root = random_() % 4 == 0;
    std::unique_lock all(scene_.all_rows, std::defer_lock);
    std::shared_lock own(scene_.all_rows, std::defer_lock);
    root ? all.lock() : own.lock();
    std::vector<int> ids;
    for (int writer = root ? 0 : number_; writer < (root ? kWriters : number_ + 1); ++writer) {
      for (int i = 0; i < kRowsEach; ++i) {
        const int id = scene_.IdOf(writer, i);
        const Row before = RowOf(id).now().value;
        if (before.group == kGone) continue;
        RowOf(id).Begin({before.version + 1, kGone});
        ids.push_back(id);
      }
    }
    Commit("begin; truncate " + (root ? std::string("things;") : "things_" + std::to_string(number_) + ";"), ids);
  }

  void Commit(const std::string& sql, const std::vector<int>& ids) {
    if (database_.Run(sql + "commit")) {
      for (const int id : ids) RowOf(id).Commit();
    } else {
      database_.Run("rollback");
      Resolve(ids);
    }
  }

  // It is not known whether it happened.
  void Resolve(const std::vector<int>& ids) {
    AwaitStatements();
    for (const int id : ids) {
      const Row wanted = RowOf(id).now().value;
      // Behind whoever holds the row.
      const auto found = database_.Query("select ver from things where id = " + std::to_string(id) + " for update");
      const bool happened =
          wanted.group == kGone ? found.empty() : !found.empty() && found[0][0] == std::to_string(wanted.version);
      happened ? RowOf(id).Commit() : RowOf(id).Undo();
    }
  }

  // Until what runs now has ended: what was sent may be among it.
  void AwaitStatements() {
    const std::string now = database_.Query("select clock_timestamp()")[0][0];
    const std::string running =
        "select count(*) from pg_stat_activity where state <> 'idle' and pid <> pg_backend_pid()"
        " and backend_type = 'client backend' and xact_start <= '" +
        now + "'";
    while (database_.Query(running)[0][0] != "0") std::this_thread::sleep_for(milliseconds(5));
  }

  Scene& scene_;
  Findings& findings_;
  const int number_;
  std::mt19937 random_;
  Client client_, other_client_;
  Database database_;
};
