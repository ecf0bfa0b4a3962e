#include "embedded/settings.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

namespace pando::embedded {
namespace {

uint64_t Share(const Machine& machine, uint64_t divisor, Bytes min, Bytes max) {
  return std::clamp(machine.memory.count / divisor, min.count, max.count);
}

std::string Setting(std::string_view name, std::string_view value) {
  return std::string(name) + " = '" + std::string(value) + "'\n";
}

std::string Megabytes(uint64_t bytes) { return std::to_string(bytes >> 20) + "MB"; }

}  // namespace

Machine MeasureMachine() {
  Machine machine;
  const auto pages = static_cast<uint64_t>(std::max(sysconf(_SC_PHYS_PAGES), 1L));
  machine.memory.count = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  machine.cores = std::max(std::thread::hardware_concurrency(), 1u);
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    uint64_t limit = 0;
    if (std::ifstream(path) >> limit && limit > 0) machine.memory.count = std::min(machine.memory.count, limit);
  }
  return machine;
}

std::string ServerSettings(const Machine& machine) {
  const uint32_t connections = std::clamp(machine.cores * 25, 50u, 400u);
  std::string text =
      "# Written by Pando at each start, sized to this machine. Change postgresql.conf instead: it wins.\n";
  text += Setting("max_connections", std::to_string(connections));
  text += Setting("shared_buffers", Megabytes(Share(machine, 4, MiB(32), GiB(16))));
  text += Setting("effective_cache_size", Megabytes(Share(machine, 2, MiB(64), GiB(256))));
  text += Setting("work_mem", Megabytes(Share(machine, uint64_t{connections} * 8, MiB(4), MiB(64))));
  text += Setting("maintenance_work_mem", Megabytes(Share(machine, 16, MiB(32), GiB(1))));
  text += Setting("wal_level", "logical");
  text += Setting("max_wal_senders", "10");
  text += Setting("max_replication_slots", "10");
  // A slot whose consumer is gone may not fill the disk.
  text += Setting("max_slot_wal_keep_size", "4GB");
  text += Setting("max_wal_size", "2GB");
  text += Setting("checkpoint_timeout", "15min");
  // After a crash: one call for the file system instead of one for each of a thousand files.
  text += Setting("recovery_init_sync_method", "syncfs");
  text += Setting("random_page_cost", "1.1");
  // Short statements: compiling one costs more than it saves.
  text += Setting("jit", "off");
  text += Setting("timezone", "UTC");
  text += Setting("datestyle", "iso, ymd");
  text += Setting("lc_messages", "C");
  text += Setting("default_text_search_config", "pg_catalog.english");
  text += Setting("cluster_name", "pando");
  // A file for each day of the week, each overwritten a week later.
  text += Setting("logging_collector", "on");
  text += Setting("log_directory", "log");
  text += Setting("log_filename", "postgresql-%a.log");
  text += Setting("log_truncate_on_rotation", "on");
  text += Setting("log_rotation_age", "1d");
  text += Setting("log_rotation_size", "0");
  text += Setting("log_timezone", "UTC");
  text += Setting("log_line_prefix", "%m [%p] %q%u@%d ");
  text += Setting("log_lock_waits", "on");
  text += Setting("log_checkpoints", "off");
  return text;
}

std::string UserSettings() {
  return "# The embedded PostgreSQL. pando.conf is sized to the machine and rewritten at each start; what stands "
         "below\n"
         "# it here is yours and wins. Pando itself sets where the server listens: a Unix socket, and no TCP.\n"
         "include = 'pando.conf'\n";
}

std::string AccessRules() {
  return "# Only the server's account and root can enter the folder of the socket, and there is no TCP.\n"
         "local all all trust\n"
         "local replication all trust\n";
}

}  // namespace pando::embedded
