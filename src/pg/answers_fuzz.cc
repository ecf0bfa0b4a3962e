// Answers of a server to a pipeline of a prepared statement, an unnamed one and a second segment: whatever they are,
// the reading ends or wants more, and the rows can be looked at.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pg/pipeline.h"
#include "pg/test_server.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pando::pg;
  constexpr size_t kSizeMax = 64 << 10;
  if (size > kSizeMax) return 0;
  TestServer server;
  StatementCache statements(10);
  Pipeline pipeline(statements, true);
  pipeline.Reset(server.wire());
  pipeline.Add(Command{"select a"}, Duty::kAnswer);
  pipeline.Add(Command{"select b", {}, /*prepare=*/false}, Duty::kAnswer);
  pipeline.Sync(Duty::kSupport);
  pipeline.AddText("rollback", Duty::kAside);
  pipeline.Sync(Duty::kAside);
  server.Say({reinterpret_cast<const char*>(data), size});
  pipeline.Read(server.wire());
  for (const Rows& rows : pipeline.TakeRows()) {
    for (int row = 0; row < rows.size(); ++row) {
      for (int column = 0; column < rows.columns(); ++column) rows.Get(row, column);
    }
  }
  return 0;
}
