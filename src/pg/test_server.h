// A server of PostgreSQL's protocol for tests, which says what it is told to: the bytes of its messages, and the other
// end of a Wire.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_order.h"
#include "pg/wire.h"

namespace pando::pg {

inline std::string MessageOf(char type, std::string_view body = "") {
  std::string message(1, type);
  AppendNumber(message, static_cast<uint32_t>(body.size() + 4));
  return message += body;
}

inline std::string ColumnsMessage(const std::vector<std::pair<std::string, uint32_t>>& columns) {
  std::string body;
  AppendNumber(body, static_cast<int16_t>(columns.size()));
  for (const auto& [name, type] : columns) {
    body += name + '\0';
    body.append(6, '\0');
    AppendNumber(body, type);
    body.append(8, '\0');
  }
  return MessageOf('T', body);
}

inline std::string RowMessage(const std::vector<std::optional<std::string>>& values) {
  std::string body;
  AppendNumber(body, static_cast<int16_t>(values.size()));
  for (const auto& value : values) {
    AppendNumber(body, value ? static_cast<int32_t>(value->size()) : -1);
    if (value) body += *value;
  }
  return MessageOf('D', body);
}

inline std::string DoneMessage(std::string tag) { return MessageOf('C', tag + '\0'); }
inline std::string ReadyMessage(char status = 'I') { return MessageOf('Z', std::string(1, status)); }
inline std::string SettingMessage(const std::string& name, const std::string& value) {
  return MessageOf('S', name + '\0' + value + '\0');
}

inline std::string ErrorMessage(const std::string& severity, const std::string& sqlstate,
                                const std::string& routine = "") {
  const std::string fields = "S" + severity + '\0' + "V" + severity + '\0' + "C" + sqlstate + '\0' + "Mno luck" + '\0' +
                             "Dthe detail" + '\0' + "Hthe hint" + '\0' + "R" + routine + '\0';
  return MessageOf('E', fields + '\0');
}

class TestServer {
 public:
  TestServer() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_) != 0) std::abort();
    wire_.emplace(ends_[0]);
  }
  ~TestServer() {
    wire_.reset();
    close(ends_[0]);
    Leave();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  Wire& wire() { return *wire_; }
  // Says it, and has the wire receive it.
  void Say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(ends_[1], bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
      wire_->Receive();
    }
  }
  // What the client has sent since the last call.
  std::string Hear() {
    wire_->Flush();
    std::string heard(1 << 20, '\0');
    const ssize_t bytes = recv(ends_[1], heard.data(), heard.size(), 0);
    heard.resize(bytes > 0 ? static_cast<size_t>(bytes) : 0);
    return heard;
  }
  void Leave() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  int ends_[2] = {-1, -1};
  std::optional<Wire> wire_;
};

// The types of the messages in `bytes`, as a client sends them: "PDBES".
inline std::string TypesOf(std::string_view bytes) {
  std::string types;
  while (bytes.size() >= 5) {
    types += bytes.front();
    bytes.remove_prefix(1 + ReadNumber<uint32_t>(bytes.data() + 1));
  }
  return types;
}

}  // namespace pando::pg
