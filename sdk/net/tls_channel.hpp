// TLS without a socket: bytes of the network on one side, ours on the other. A connection puts it
// between itself and the socket, and need not know two ways to read, write and end.
#pragma once

#include <leasehold/error.hpp>

#include "sdk/net/tls_context.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct ssl_st;             // SSL of OpenSSL
struct x509_store_ctx_st;  // X509_STORE_CTX of OpenSSL

namespace leasehold::net {

/// The client's end of one TLS connection. Opens only if the server has proved the name that was
/// asked for, by a certificate of somebody the context trusts.
/// Thread safety: none.
class TlsChannel {
public:
    /// `name` is a host name or a numeric address. The first bytes for the server are there at
    /// once.
    [[nodiscard]] static result<std::unique_ptr<TlsChannel>> open(const TlsContext& context,
                                                                  const std::string& name);
    ~TlsChannel();
    TlsChannel(const TlsChannel&) = delete;
    TlsChannel& operator=(const TlsChannel&) = delete;

    /// The handshake is complete, and the server is who it has to be.
    [[nodiscard]] bool is_open() const { return x_is_open; }
    /// The server said that nothing more will come.
    [[nodiscard]] bool has_ended() const { return x_has_ended; }

    /// Takes bytes from the network, and appends what is in them to `plain`, also before an error.
    [[nodiscard]] result<void> receive(std::string_view bytes, std::string& plain);
    /// Only when open.
    [[nodiscard]] result<void> send(std::string_view plain);
    /// Tells the server that nothing more will come.
    void end();
    /// Appends what has to go to the network.
    void take_outbound(std::string& bytes);

private:
    TlsChannel(const TlsContext& context, std::string name);

    static int on_verified(int is_valid, x509_store_ctx_st* store);
    [[nodiscard]] bool expect_name();
    [[nodiscard]] result<void> shake_hands();
    [[nodiscard]] result<void> read(std::string& plain);
    [[nodiscard]] Error failure();

    const TlsContext x_context;
    const std::string x_name;
    ssl_st* x_ssl;
    bool x_is_open = false;
    bool x_has_ended = false;
    std::optional<Error> x_distrust;  ///< why the certificate does not hold
};

}  // namespace leasehold::net
