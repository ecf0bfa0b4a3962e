#include "embedded/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::embedded {
namespace {

using testing::HasSubstr;

TEST(ServerSettings, GiveAQuarterOfTheMemoryToTheBuffers) {
  const std::string text = ServerSettings(Machine{GiB(8), 4});
  EXPECT_THAT(text, HasSubstr("shared_buffers = '2048MB'\n"));
  EXPECT_THAT(text, HasSubstr("effective_cache_size = '4096MB'\n"));
  EXPECT_THAT(text, HasSubstr("max_connections = '100'\n"));
  EXPECT_THAT(text, HasSubstr("wal_level = 'logical'\n"));
}

TEST(ServerSettings, StayUsableOnTheSmallestAndTheLargestMachine) {
  const std::string small = ServerSettings(Machine{MiB(64), 1});
  EXPECT_THAT(small, HasSubstr("shared_buffers = '32MB'\n"));
  EXPECT_THAT(small, HasSubstr("work_mem = '4MB'\n"));
  EXPECT_THAT(small, HasSubstr("max_connections = '50'\n"));
  const std::string large = ServerSettings(Machine{GiB(1024), 128});
  EXPECT_THAT(large, HasSubstr("shared_buffers = '16384MB'\n"));
  EXPECT_THAT(large, HasSubstr("work_mem = '64MB'\n"));
  EXPECT_THAT(large, HasSubstr("max_connections = '400'\n"));
}

TEST(MeasureMachine, FindsMemoryAndCores) {
  const Machine machine = MeasureMachine();
  EXPECT_GT(machine.memory, MiB(1));
  EXPECT_GE(machine.cores, 1u);
}

}  // namespace
}  // namespace pando::embedded
