#include "changes/advice.h"

#include "telemetry/log.h"

namespace pando::changes {

std::string AdviceFor(const Error& error) {
  const std::string_view state = error.sqlstate();
  if (state == "55000") return "set wal_level = logical and restart the database";
  if (state == "42501" || state == "28000") {
    return "give the role REPLICATION, and let pg_hba.conf admit it to this database";
  }
  if (state == "53400") return "raise max_replication_slots and max_wal_senders";
  if (state == "53300") return "raise max_wal_senders";
  if (state == "42704") return "create the publication";
  return "";
}

void Teller::Tell(const Error& why) {
  const std::string told = why.ToString();
  if (told == told_) return;
  told_ = told;
  const std::string advice = AdviceFor(why);
  telemetry::Log(telemetry::Level::kWarn, "changes.unavailable",
                 "Pando cannot follow the changes of the database, and tries again" +
                     (advice.empty() ? "" : "; " + advice) + ": " + told);
}

}  // namespace pando::changes
