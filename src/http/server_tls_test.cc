#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include "http/server_fixture.h"
#include "net/test_certificate.h"

namespace pando::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// A blocking TLS client.
class TlsClient {
 public:
  // `protocols` is the ALPN list as on the wire; empty: none is offered.
  explicit TlsClient(uint16_t port, const std::string& protocols = {}) : stream_(context_, ssl_) {
    stream_.next_layer().connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    if (!protocols.empty()) {
      SSL_set_alpn_protos(stream_.native_handle(), reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned int>(protocols.size()));
    }
  }

  bool Handshake() {
    boost::system::error_code failure;
    stream_.handshake(asio::ssl::stream_base::client, failure);
    return !failure;
  }

  void Send(std::string_view bytes) { asio::write(stream_, asio::buffer(bytes)); }

  std::string ReadToEnd() {
    std::string received;
    asio::read(stream_, asio::dynamic_buffer(received), end_);
    return received;
  }

  // Whether the server ended the TLS stream properly, so that nothing can have been cut off.
  bool ended_cleanly() const { return end_ == asio::error::eof; }

  std::string server_name() const {
    const std::unique_ptr<X509, void (*)(X509*)> certificate(
        SSL_get1_peer_certificate(const_cast<TlsClient*>(this)->stream_.native_handle()), X509_free);
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof(name));
    return name;
  }

  std::string protocol() {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(stream_.native_handle(), &name, &size);
    return std::string(reinterpret_cast<const char*>(name), size);
  }

  asio::ssl::stream<tcp::socket>& stream() { return stream_; }

 private:
  asio::io_context context_;
  asio::ssl::context ssl_{asio::ssl::context::tls_client};
  asio::ssl::stream<tcp::socket> stream_;
  boost::system::error_code end_;
};

class ServerTlsTest : public ServerTest {
 protected:
  ServerOptions TlsOptions() const {
    ServerOptions options = Options();
    options.tls_certificate = files_.certificate_file();
    options.tls_key = files_.key_file();
    return options;
  }

  net::TestCertificate files_{"one.example"};
};

TEST_F(ServerTlsTest, AnswersOverTlsAndEndsProperly) {
  StartServer(TlsOptions());
  TlsClient client(port(), "\x02h2\x08http/1.1");
  ASSERT_TRUE(client.Handshake());
  EXPECT_EQ(client.protocol(), "http/1.1");
  client.Send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  client.Send(kGet);
  const std::string answers = client.ReadToEnd();
  EXPECT_THAT(answers, HasSubstr("POST /a hi"));
  EXPECT_THAT(answers, EndsWith("GET /x "));
  EXPECT_TRUE(client.ended_cleanly());
}

TEST_F(ServerTlsTest, SendsLargeAnswersWhole) {
  StartServer(TlsOptions());
  TlsClient client(port());
  ASSERT_TRUE(client.Handshake());
  client.Send("GET /size/3000000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string answer = client.ReadToEnd();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 3'000'000u);
}

TEST_F(ServerTlsTest, RefusesOldVersionsAndForeignProtocols) {
  StartServer(TlsOptions());
  TlsClient old(port());
  SSL_set_max_proto_version(old.stream().native_handle(), TLS1_1_VERSION);
  EXPECT_FALSE(old.Handshake());
  TlsClient foreign(port(), "\x02h2");
  EXPECT_FALSE(foreign.Handshake());
}

TEST_F(ServerTlsTest, DropsAClientThatDoesNotShakeHands) {
  ServerOptions options = TlsOptions();
  options.header_timeout = milliseconds(40);
  StartServer(options);
  RawClient silent(port());
  EXPECT_THAT(silent.ReadToEnd(), testing::IsEmpty());
  RawClient plain(port());
  plain.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  plain.ReadToEnd();
}

TEST_F(ServerTlsTest, ShowsARenewedCertificateToNewConnections) {
  StartServer(TlsOptions());
  TlsClient before(port());
  ASSERT_TRUE(before.Handshake());
  EXPECT_EQ(before.server_name(), "one.example");

  files_.Renew("two.example");
  OnLoop([this] { EXPECT_TRUE(server_->Reload(TlsOptions())); });

  TlsClient after(port());
  ASSERT_TRUE(after.Handshake());
  EXPECT_EQ(after.server_name(), "two.example");
  before.Send(kGet);
  EXPECT_THAT(before.ReadToEnd(), EndsWith("GET /x "));
}

TEST_F(ServerTlsTest, AnswersATimeoutInsideTls) {
  ServerOptions options = TlsOptions();
  options.body_timeout = milliseconds(40);
  StartServer(options);
  TlsClient client(port());
  ASSERT_TRUE(client.Handshake());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerTlsTest, CancelsTheHandlerOfAClientThatClosed) {
  StartServer(TlsOptions());
  TlsClient client(port());
  ASSERT_TRUE(client.Handshake());
  client.Send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
  AwaitHeld();
  client.stream().next_layer().close();
  AwaitCancelled();
}

}  // namespace
}  // namespace pando::http
