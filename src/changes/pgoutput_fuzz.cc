// Fuzzes what comes through a replication connection: a conversation of messages, each with its length before it.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "changes/assembler.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kBytesMax = 4096;
  pando::changes::AssemblerOptions options;
  options.changes_max = 5;
  options.bytes_max = kBytesMax;
  options.message_prefix = "m";
  pando::changes::Assembler assembler(options);
  std::string_view input(reinterpret_cast<const char*>(data), size);
  while (input.size() > 1) {
    const size_t length = static_cast<uint8_t>(input.front());
    const std::string_view message = input.substr(1, length);
    input.remove_prefix(1 + message.size());
    const auto fed = assembler.Feed(message);
    if (!fed) return 0;
    PANDO_ASSERT(assembler.bytes() <= kBytesMax);
    if (assembler.in_progress() == 0) PANDO_ASSERT(assembler.bytes() == 0);
    if (*fed) {
      for (const auto& change : (*fed)->changes) PANDO_ASSERT(!(*fed)->unlisted.contains(change.table->oid));
    }
  }
  return 0;
}
