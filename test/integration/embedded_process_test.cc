// What becomes of the embedded PostgreSQL when processes are killed.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>

#include "embedded/installation.h"
#include "embedded/previous_server.h"
#include "embedded/program.h"
#include "integration/embedded_fixture.h"

namespace pando::embedded {
namespace {

using testing::HasSubstr;

// Events as they come, to be waited for.
class Events {
 public:
  void Push(const ClusterEvent& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }

  ClusterEvent Next() {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(60), [this] { return !events_.empty(); });
    PANDO_ASSERT(came);
    ClusterEvent event = events_.front();
    events_.pop_front();
    return event;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ClusterEvent> events_;
};

// A process that starts a cluster, writes its pid to a pipe, and waits to be killed: a Pando, as far as this matters.
struct OtherPando {
  pid_t pid = 0;
  pid_t postmaster = 0;
};

OtherPando StartOtherPando(ClusterOptions options) {
  int ends[2];
  PANDO_ASSERT(pipe2(ends, O_CLOEXEC) == 0);
  OtherPando other;
  other.pid = fork();
  if (other.pid == 0) {
    Result<std::unique_ptr<Cluster>> cluster = Cluster::Start(std::move(options));
    const pid_t postmaster = cluster ? (*cluster)->pid() : 0;
    if (write(ends[1], &postmaster, sizeof postmaster) != sizeof postmaster) _exit(1);
    for (;;) pause();
  }
  close(ends[1]);
  EXPECT_EQ(read(ends[0], &other.postmaster, sizeof other.postmaster), ssize_t{sizeof other.postmaster});
  close(ends[0]);
  return other;
}

void Kill(pid_t pid, int signal) {
  ASSERT_EQ(kill(pid, signal), 0);
  ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
}

class EmbeddedProcessTest : public EmbeddedTest {};

TEST_F(EmbeddedProcessTest, NothingIsLeftWhenPandoIsKilled) {
  SharedFolder();  // initialised here and not in the other process
  const OtherPando other = StartOtherPando(OptionsFor(SharedFolder()));
  ASSERT_GT(other.postmaster, 0);
  const pid_t supervisor = ParentOf(other.postmaster);
  ASSERT_NE(supervisor, other.pid);

  Kill(other.pid, SIGKILL);

  AwaitEnd(other.postmaster);
  AwaitEnd(supervisor);
  EXPECT_FALSE(std::filesystem::exists(SharedFolder() / "postmaster.pid")) << "it stopped in order";
}

TEST_F(EmbeddedProcessTest, TheNextStartAfterAKillWaitsForTheOldServerAndComesUp) {
  SharedFolder();
  const OtherPando other = StartOtherPando(OptionsFor(SharedFolder()));
  ASSERT_GT(other.postmaster, 0);
  Kill(other.pid, SIGKILL);

  const std::unique_ptr<Cluster> cluster = StartCluster();

  EXPECT_FALSE(IsAlive(other.postmaster));
  EXPECT_EQ(Query(*cluster, kSuperuser, "SELECT 1"), "1");
}

TEST_F(EmbeddedProcessTest, TheNextStartAfterEverythingWasKilledComesUp) {
  SharedFolder();
  const OtherPando other = StartOtherPando(OptionsFor(SharedFolder()));
  ASSERT_GT(other.postmaster, 0);
  const pid_t supervisor = ParentOf(other.postmaster);
  kill(supervisor, SIGSTOP);  // so that it cannot stop the server in order
  Kill(other.pid, SIGKILL);
  kill(other.postmaster, SIGKILL);
  kill(supervisor, SIGKILL);

  const std::unique_ptr<Cluster> cluster = StartCluster();

  EXPECT_EQ(Query(*cluster, kSuperuser, "SELECT 1"), "1");
}

TEST_F(EmbeddedProcessTest, AnotherPandosFolderIsRefusedWithItsPid) {
  SharedFolder();
  const OtherPando other = StartOtherPando(OptionsFor(SharedFolder()));
  ASSERT_GT(other.postmaster, 0);

  const Result<std::unique_ptr<Cluster>> second = Cluster::Start(OptionsFor(SharedFolder()));

  Kill(other.pid, SIGKILL);
  AwaitEnd(other.postmaster);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().id(), ErrorId::kEmbeddedInUse);
  EXPECT_THAT(second.error().message(), HasSubstr("process id " + std::to_string(other.pid)));
}

TEST_F(EmbeddedProcessTest, APostmasterThatIsKilledIsStartedAgain) {
  Events events;
  ClusterOptions options = OptionsFor(SharedFolder());
  options.on_event = [&events](const ClusterEvent& event) { events.Push(event); };
  const Result<std::unique_ptr<Cluster>> cluster = Cluster::Start(std::move(options));
  ASSERT_TRUE(cluster.has_value()) << cluster.error().ToString();
  const pid_t first = (*cluster)->pid();

  ASSERT_EQ(kill(first, SIGKILL), 0);

  const ClusterEvent exited = events.Next();
  EXPECT_EQ(exited.kind, ClusterEvent::Kind::kExited);
  EXPECT_EQ(exited.description, "was killed by signal 9");
  EXPECT_EQ(events.Next().kind, ClusterEvent::Kind::kRestarted);
  EXPECT_TRUE((*cluster)->running());
}

TEST_F(EmbeddedProcessTest, AServerWhoseSupervisorIsKilledEndsToo) {
  Events events;
  ClusterOptions options = OptionsFor(SharedFolder());
  options.on_event = [&events](const ClusterEvent& event) { events.Push(event); };
  const Result<std::unique_ptr<Cluster>> cluster = Cluster::Start(std::move(options));
  ASSERT_TRUE(cluster.has_value()) << cluster.error().ToString();
  const pid_t postmaster = (*cluster)->pid();

  ASSERT_EQ(kill(ParentOf(postmaster), SIGKILL), 0);

  AwaitEnd(postmaster);
  EXPECT_EQ(events.Next().kind, ClusterEvent::Kind::kLost);
  EXPECT_FALSE((*cluster)->running());
}

TEST_F(EmbeddedProcessTest, TheServerDoesNotRunAsRootNorInOurSession) {
  const std::unique_ptr<Cluster> cluster = StartCluster();
  struct stat status {};
  ASSERT_EQ(stat(("/proc/" + std::to_string(cluster->pid())).c_str(), &status), 0);
  EXPECT_NE(status.st_uid, 0u);
  EXPECT_NE(getsid(cluster->pid()), getsid(0));
}

TEST_F(EmbeddedProcessTest, AServerThatSomebodyElseRunsOnTheFolderIsLeftAloneAndNamed) {
  const std::filesystem::path data = SharedFolder();
  const Account account = ResolveAccount("postgres").value();
  const Installation installation = FindInstallation({}, std::nullopt, account).value();
  std::filesystem::create_directories(OwnFolder("foreign"));
  ASSERT_EQ(chown(OwnFolder("foreign").c_str(), account.uid, account.gid), 0);
  const std::string pg_ctl = (installation.bin / "pg_ctl").string();
  const Deadline deadline = Deadline::After(std::chrono::seconds(60));
  const Result<ProgramResult> started =
      RunProgram({pg_ctl, "-D", data.string(), "-w", "-l", OwnFolder("foreign/log").string(), "-o",
                  "-k " + OwnFolder("foreign").string() + " -c listen_addresses=", "start"},
                 account, deadline);
  ASSERT_TRUE(started.has_value()) << started.error().ToString();
  const pid_t foreign = ReadPostmasterFile(data).pid;
  ASSERT_GT(foreign, 0) << started->output;

  const Result<std::unique_ptr<Cluster>> cluster = Cluster::Start(OptionsFor(data));

  EXPECT_TRUE(IsAlive(foreign));
  kill(foreign, SIGINT);
  AwaitEnd(foreign);
  ASSERT_FALSE(cluster.has_value());
  EXPECT_EQ(cluster.error().id(), ErrorId::kEmbeddedInUse);
  EXPECT_THAT(cluster.error().message(), HasSubstr("process id " + std::to_string(foreign)));
}

}  // namespace
}  // namespace pando::embedded
