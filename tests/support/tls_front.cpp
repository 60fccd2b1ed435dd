#include "tests/support/tls_front.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <csignal>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <utility>

namespace leasehold::support {
namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;
using Bytes = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bytes open_text(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

std::unique_ptr<X509, decltype(&X509_free)> read_certificate(const std::string& pem) {
    return {PEM_read_bio_X509(open_text(pem).get(), nullptr, nullptr, nullptr), X509_free};
}

Context make_context(const TlsFrontOptions& options) {
    Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_set_max_proto_version(context.get(), options.max_version);
    if (options.max_version != 0 && options.max_version < TLS1_2_VERSION) {
        SSL_CTX_set_min_proto_version(context.get(), options.max_version);
        SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
    }
    SSL_CTX_use_certificate(context.get(), read_certificate(options.identity.certificate).get());
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(open_text(options.identity.key).get(), nullptr, nullptr, nullptr),
        EVP_PKEY_free);
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    if (!options.client_authority.empty()) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()),
                            read_certificate(options.client_authority).get());
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           nullptr);
    }
    return context;
}

/// Until one side ends. Readable bytes may wait inside the SSL object, where poll sees nothing.
void pump(SSL* ssl, const Descriptor& network, const Descriptor& backend) {
    std::array<char, 16384> piece;
    for (;;) {
        std::array<pollfd, 2> polled{{{network.get(), POLLIN, 0}, {backend.get(), POLLIN, 0}}};
        if (SSL_pending(ssl) == 0 && ::poll(polled.data(), polled.size(), -1) < 0) {
            return;
        }
        if (SSL_pending(ssl) > 0 || polled[0].revents != 0) {
            const int size = SSL_read(ssl, piece.data(), static_cast<int>(piece.size()));
            if (size <= 0 || !send_all(backend, {piece.data(), static_cast<std::size_t>(size)})) {
                return;
            }
        }
        if (polled[1].revents != 0) {
            const ssize_t size = ::recv(backend.get(), piece.data(), piece.size(), 0);
            if (size <= 0 || SSL_write(ssl, piece.data(), static_cast<int>(size)) <= 0) {
                return;
            }
        }
    }
}

/// OpenSSL writes to sockets without MSG_NOSIGNAL.
void block_sigpipe() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace

TlsFront::TlsFront(std::uint16_t backend, TlsFrontOptions options)
    : x_backend(backend),
      x_listener(listen_on_loopback()),
      x_port(port_of(x_listener)),
      x_options(std::move(options)),
      x_thread([this] { run(); }) {}

TlsFront::~TlsFront() {
    {
        const std::lock_guard lock(x_mutex);
        x_is_stopping = true;
    }
    ::shutdown(x_listener.get(), SHUT_RDWR);
    x_thread.join();
    cut();
    for (Peer& peer : x_peers) {
        peer.thread.join();
    }
}

void TlsFront::set_options(TlsFrontOptions options) {
    const std::lock_guard lock(x_mutex);
    x_options = std::move(options);
}

void TlsFront::cut() {
    const std::lock_guard lock(x_mutex);
    for (const Peer& peer : x_peers) {
        ::shutdown(peer.socket.get(), SHUT_RDWR);
    }
}

std::string TlsFront::asked_for() const {
    const std::lock_guard lock(x_mutex);
    return x_asked_for;
}

std::string TlsFront::last_failure() const {
    const std::lock_guard lock(x_mutex);
    return x_last_failure;
}

void TlsFront::run() {
    for (;;) {
        Descriptor accepted(::accept4(x_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        const std::lock_guard lock(x_mutex);
        if (x_is_stopping) {
            return;
        }
        if (!accepted) {
            continue;
        }
        // Or an answer waits for our acknowledgement of the tickets before it.
        const int yes = 1;
        ::setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        Peer& peer = x_peers.emplace_back();
        peer.socket = std::move(accepted);
        peer.thread = std::thread([this, &peer, options = x_options] {
            block_sigpipe();
            serve(peer.socket, options);
            ::shutdown(peer.socket.get(), SHUT_RDWR);  // closed with the front
        });
    }
}

void TlsFront::serve(const Descriptor& socket, const TlsFrontOptions& options) {
    const Context context = make_context(options);
    const Ssl ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), socket.get());
    const bool is_open = SSL_accept(ssl.get()) == 1;
    {
        const std::lock_guard lock(x_mutex);
        const char* const name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
        x_asked_for = name != nullptr ? name : "";
        if (!is_open) {
            const char* const reason = ERR_reason_error_string(ERR_get_error());
            x_last_failure = reason != nullptr ? reason : "end of stream";
        }
    }
    if (is_open) {
        ++x_handshakes;
        const Descriptor backend = connect_to_loopback(x_backend);
        if (backend) {
            pump(ssl.get(), socket, backend);
        }
        SSL_shutdown(ssl.get());
    }
}

}  // namespace leasehold::support
