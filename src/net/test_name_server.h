// A name server on 127.0.0.1 for tests, which answers what it is told to, or never.
//
// Concurrency  executor-bound
#pragma once

#include <array>
#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "net/task.h"

namespace pando::net {

class TestNameServer {
 public:
  enum class Mood : uint8_t { kAnswers, kSaysNoSuchName, kSilent };

  explicit TestNameServer(Executor executor)
      : socket_(executor, Udp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    Receive();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port()); }
  int questions() const { return questions_; }

  Mood mood = Mood::kAnswers;
  std::vector<std::string> addresses = {"127.0.0.1"};  // A

 private:
  using Udp = boost::asio::ip::udp;

  void Receive() {
    socket_.async_receive_from(boost::asio::buffer(question_), from_,
                               [this](boost::system::error_code error, size_t n) {
                                 if (error) return;
                                 ++questions_;
                                 if (mood != Mood::kSilent) {
                                   const std::string answer = AnswerTo(std::string(question_.data(), n));
                                   boost::system::error_code ignored;
                                   socket_.send_to(boost::asio::buffer(answer), from_, 0, ignored);
                                 }
                                 Receive();
                               });
  }

  // RFC 1035, 4.1: header, the question again, and a record for each address.
  std::string AnswerTo(const std::string& question) const {
    constexpr size_t kHeader = 12;
    const size_t name_end = question.find('\0', kHeader);
    const std::string asked = question.substr(kHeader, name_end + 5 - kHeader);
    const bool is_a = question[name_end + 2] == 1;
    const size_t count = mood == Mood::kAnswers && is_a ? addresses.size() : 0;
    const char code = mood == Mood::kSaysNoSuchName ? 3 : 0;
    std::string answer = question.substr(0, 2) + '\x81' + static_cast<char>(0x80 | code) + std::string("\0\1\0", 3) +
                         static_cast<char>(count) + std::string(4, '\0') + asked;
    for (size_t i = 0; i < count; ++i) {
      const auto bytes = boost::asio::ip::make_address_v4(addresses[i]).to_bytes();
      answer += std::string("\xC0\x0C\0\1\0\1\0\0\0\0\0\4", 12);
      answer.append(bytes.begin(), bytes.end());
    }
    return answer;
  }

  boost::asio::basic_datagram_socket<Udp, Executor> socket_;
  Udp::endpoint from_;
  std::array<char, 1500> question_{};
  int questions_ = 0;
};

}  // namespace pando::net
