// One keep-alive connection to Pando on the loopback.
//
// Concurrency  one thread
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

struct Answer {
  int status = 0;
  bool hit = false;
  std::string position;
  std::string body;
};

class Client {
 public:
  explicit Client(uint16_t port) : port_(port) {}
  ~Client() { Close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // `fields` are header lines, each with its CRLF. nullopt: it broke, or took ten seconds.
  std::optional<Answer> Ask(const std::string& method, const std::string& path, const std::string& fields = "",
                            const std::string& body = "") {
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
    address.sin_port = htons(port_);
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

  const uint16_t port_;
  int socket_ = -1;
};
