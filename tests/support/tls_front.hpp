// A TLS server in front of one without: what comes through TLS goes on to a port on loopback in the
// clear, and back. So whatever serves a test in the clear serves it through TLS as well.
#pragma once

#include "tests/support/certificates.hpp"
#include "tests/support/descriptor.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace leasehold::support {

struct TlsFrontOptions {
    Certificate identity;
    /// Who may come: those with a certificate of this authority. Empty: anybody.
    std::string client_authority{};
    int max_version = 0;  ///< as OpenSSL numbers them; 0: its newest
};

/// Listens from its construction to its destruction.
/// Thread safety: all functions may be called from any thread.
class TlsFront {
public:
    TlsFront(std::uint16_t backend, TlsFrontOptions options);
    ~TlsFront();
    TlsFront(const TlsFront&) = delete;
    TlsFront& operator=(const TlsFront&) = delete;

    [[nodiscard]] std::uint16_t port() const { return x_port; }
    /// For the connections from now on.
    void set_options(TlsFrontOptions options);
    /// Cuts all connections.
    void cut();

    [[nodiscard]] int handshakes() const { return x_handshakes; }
    /// The name that the last client asked for; empty if it asked for none.
    [[nodiscard]] std::string asked_for() const;
    /// What the last handshake failed with, in OpenSSL's words.
    [[nodiscard]] std::string last_failure() const;

private:
    struct Peer {
        Descriptor socket;
        std::thread thread;
    };

    void run();
    void serve(const Descriptor& socket, const TlsFrontOptions& options);

    const std::uint16_t x_backend;
    Descriptor x_listener;
    const std::uint16_t x_port;
    std::atomic<int> x_handshakes{0};
    mutable std::mutex x_mutex;
    TlsFrontOptions x_options;
    std::list<Peer> x_peers;
    std::string x_asked_for;
    std::string x_last_failure;
    bool x_is_stopping = false;
    std::thread x_thread;
};

}  // namespace leasehold::support
