// The server side of TLS: certificate files in, a context for handshakes out.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "base/result.h"

namespace pando::net {

// Immutable once made, and shared by the connections that began under it: a renewed certificate is a new context.
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// TLS 1.2 and 1.3 with forward-secret AEAD ciphers; of protocols inside (ALPN) http/1.1 alone. Reads files: for
// start-up and reload.
//   kTls  a file cannot be read, holds no certificate or key, the key needs a passphrase, or the two do not belong
//         together
Result<TlsContext> LoadTlsContext(const std::string& certificate_file, const std::string& key_file);

}  // namespace pando::net
