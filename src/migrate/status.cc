#include "migrate/status.h"

#include <algorithm>

namespace pando::migrate {
namespace {

std::string LabelOf(const AppliedMigration& applied) {
  std::string number = std::to_string(applied.version);
  if (number.size() < 4) number.insert(0, 4 - number.size(), '0');
  return number + "_" + applied.name;
}

MigrationStatus StatusOfFile(const Migration& file, int64_t newest_applied) {
  MigrationStatus status;
  status.version = file.version;
  status.label = file.file;
  status.state = file.version < newest_applied ? MigrationState::kSkipped : MigrationState::kPending;
  return status;
}

// `file` is null when there is none.
MigrationStatus StatusOfApplied(const AppliedMigration& applied, const Migration* file) {
  MigrationStatus status;
  status.version = applied.version;
  status.label = file != nullptr ? file->file : LabelOf(applied);
  status.applied_at = applied.applied_at;
  status.duration_ms = applied.duration_ms;
  if (file == nullptr) {
    status.state = MigrationState::kMissing;
  } else {
    status.state = file->checksum == applied.checksum ? MigrationState::kApplied : MigrationState::kChanged;
  }
  return status;
}

std::string Labels(const std::vector<MigrationStatus>& statuses, MigrationState state) {
  std::string labels;
  for (const MigrationStatus& status : statuses) {
    if (status.state == state) labels += (labels.empty() ? "" : ", ") + status.label;
  }
  return labels;
}

}  // namespace

std::string_view ToString(MigrationState state) {
  switch (state) {
    case MigrationState::kApplied:
      return "applied";
    case MigrationState::kPending:
      return "pending";
    case MigrationState::kChanged:
      return "changed";
    case MigrationState::kMissing:
      return "missing";
    case MigrationState::kSkipped:
      return "skipped";
  }
  return "unknown";
}

std::vector<MigrationStatus> Compare(const std::vector<Migration>& files,
                                     const std::vector<AppliedMigration>& applied) {
  const int64_t newest_applied = applied.empty() ? -1 : applied.back().version;
  std::vector<MigrationStatus> statuses;
  auto file = files.begin();
  auto row = applied.begin();
  while (file != files.end() || row != applied.end()) {
    if (row == applied.end() || (file != files.end() && file->version < row->version)) {
      statuses.push_back(StatusOfFile(*file++, newest_applied));
    } else if (file == files.end() || row->version < file->version) {
      statuses.push_back(StatusOfApplied(*row++, nullptr));
    } else {
      statuses.push_back(StatusOfApplied(*row++, &*file));
      ++file;
    }
  }
  return statuses;
}

Result<void> CheckConsistent(const std::vector<MigrationStatus>& statuses) {
  const std::string changed = Labels(statuses, MigrationState::kChanged);
  const std::string missing = Labels(statuses, MigrationState::kMissing);
  const std::string skipped = Labels(statuses, MigrationState::kSkipped);
  std::string detail;
  if (!changed.empty()) detail += "changed after they were applied: " + changed;
  if (!missing.empty()) detail += (detail.empty() ? "" : "; ") + ("applied, and their files are gone: " + missing);
  if (!skipped.empty()) {
    detail += (detail.empty() ? "" : "; ") + ("not applied, and older than one that is: " + skipped);
  }
  if (detail.empty()) return {};
  return Error(ErrorId::kMigrationInvalid, "the migrations do not match what was applied to this database")
      .WithDetail(detail)
      .WithHint("restore the files as they were, and put every change into a new migration with a higher number");
}

size_t CountPending(const std::vector<MigrationStatus>& statuses) {
  return static_cast<size_t>(std::count_if(statuses.begin(), statuses.end(), [](const MigrationStatus& status) {
    return status.state == MigrationState::kPending;
  }));
}

}  // namespace pando::migrate
