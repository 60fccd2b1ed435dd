// The embedded server for tests, in C.
#include <leasehold/testing.h>
#include <leasehold/testing.hpp>

#include "sdk/capi/answer.hpp"
#include "sdk/capi/options.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace leasehold::capi {
namespace {

using testing::EmbeddedServer;
using testing::EmbeddedServerOptions;

struct ServerBox {
    using Name = lh_embedded_server;
    static constexpr HandleKind kind = HandleKind::server;

    explicit ServerBox(EmbeddedServer started) : server(std::move(started)) {}

    EmbeddedServer server;
};

lh_embedded_server_options default_server_options() {
    const EmbeddedServerOptions from;
    lh_embedded_server_options to{};
    to.servers = from.servers;
    to.tick_ms = from.tick.count();
    to.sync_limit = from.sync_limit;
    to.port = from.port;
    to.min_session_timeout_ms = from.min_session_timeout.count();
    to.max_session_timeout_ms = from.max_session_timeout.count();
    return to;
}

result<EmbeddedServerOptions> server_options(const lh_embedded_server_options* given) {
    EmbeddedServerOptions to;
    if (given == nullptr) {
        return to;
    }
    BOOST_OUTCOME_TRYV(check_size(*given));
    if (!std::in_range<std::uint16_t>(given->port)) {
        return Error(errc::invalid_argument, "the port is outside 0..65535");
    }
    to.servers = given->servers;
    to.tick = milliseconds(given->tick_ms);
    to.sync_limit = given->sync_limit;
    to.port = static_cast<std::uint16_t>(given->port);
    to.min_session_timeout = milliseconds(given->min_session_timeout_ms);
    to.max_session_timeout = milliseconds(given->max_session_timeout_ms);
    if (given->version != nullptr) {
        to.version = given->version;
    }
    return to;
}

void write_message(const Error& error, char* message, std::size_t size) {
    if (message == nullptr || size == 0) {
        return;
    }
    const std::string text = error.message();
    const std::size_t length = std::min(text.size(), size - 1);
    std::memcpy(message, text.data(), length);
    message[length] = '\0';
}

/// A switch of a server, or of all.
template <class F>
int set(lh_embedded_server* server, F&& turn) {
    return answer(nullptr, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require<ServerBox>(server));
        std::forward<F>(turn)(box->server);
        return success();
    });
}

template <class F>
std::size_t count(lh_embedded_server* server, F&& what) {
    return ask<ServerBox>(server, std::size_t{0},
                          [&](const ServerBox& box) { return what(box.server); });
}

}  // namespace
}  // namespace leasehold::capi

using namespace leasehold::capi;
using leasehold::milliseconds;
using leasehold::result;
using leasehold::success;

void lh_embedded_server_options_init(lh_embedded_server_options* options, size_t size) {
    fill(options, size, default_server_options());
}

int lh_embedded_server_start(const lh_embedded_server_options* options, lh_embedded_server** server,
                             char* message, size_t message_size) {
    return answer(nullptr, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(server, "server"));
        const auto started = [&]() -> result<EmbeddedServer> {
            BOOST_OUTCOME_TRY(const auto with, server_options(options));
            return EmbeddedServer::start(with);
        };
        auto running = started();
        if (!running) {
            write_message(running.error(), message, message_size);
            return std::move(running).error();
        }
        *server = insert(std::make_shared<ServerBox>(*std::move(running)));
        return success();
    });
}

void lh_embedded_server_free(lh_embedded_server* server) {
    static_cast<void>(take<ServerBox>(server));
}

const char* lh_embedded_server_connect_string(lh_embedded_server* server) {
    return ask<ServerBox>(server, static_cast<const char*>(nullptr),
                          [](const ServerBox& box) { return box.server.connect_string().c_str(); });
}

int lh_embedded_server_client_options(lh_embedded_server* server, int64_t session_timeout_ms,
                                      lh_client_options* options) {
    return answer(nullptr, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require<ServerBox>(server));
        if (options == nullptr) {
            return leasehold::Error(leasehold::errc::invalid_argument, "options is NULL");
        }
        BOOST_OUTCOME_TRYV(check_size(*options));
        const auto from = box->server.client_options(milliseconds(session_timeout_ms));
        put(from, *options);
        return success();
    });
}

int lh_embedded_server_expire_sessions(lh_embedded_server* server) {
    return set(server, [](EmbeddedServer& of) { of.expire_all_sessions(); });
}

int lh_embedded_server_cut(lh_embedded_server* server, size_t index) {
    return set(server, [index](EmbeddedServer& of) { of.cut(index); });
}

int lh_embedded_server_half_open(lh_embedded_server* server, size_t index, int is_half_open) {
    return set(server, [=](EmbeddedServer& of) { of.half_open(is_half_open != 0, index); });
}

int lh_embedded_server_refuse(lh_embedded_server* server, size_t index, int is_refusing) {
    return set(server, [=](EmbeddedServer& of) { of.refuse_connections(is_refusing != 0, index); });
}

int lh_embedded_server_pause(lh_embedded_server* server, size_t index) {
    return set(server, [index](EmbeddedServer& of) { of.pause(index); });
}

int lh_embedded_server_resume(lh_embedded_server* server, size_t index) {
    return set(server, [index](EmbeddedServer& of) { of.resume(index); });
}

int lh_embedded_server_kill(lh_embedded_server* server, size_t index) {
    return set(server, [index](EmbeddedServer& of) { of.kill(index); });
}

int lh_embedded_server_restart(lh_embedded_server* server, size_t index) {
    return set(server, [index](EmbeddedServer& of) { of.restart(index); });
}

int lh_embedded_server_delay(lh_embedded_server* server, int64_t delay_ms) {
    return set(server, [delay_ms](EmbeddedServer& of) { of.delay(milliseconds(delay_ms)); });
}

size_t lh_embedded_server_sessions(lh_embedded_server* server) {
    return count(server, [](const EmbeddedServer& of) { return of.sessions().size(); });
}

size_t lh_embedded_server_connections(lh_embedded_server* server) {
    return count(server, [](const EmbeddedServer& of) { return of.connections(); });
}

size_t lh_embedded_server_watches(lh_embedded_server* server) {
    return count(server, [](const EmbeddedServer& of) { return of.watches(); });
}

size_t lh_embedded_server_ephemerals(lh_embedded_server* server) {
    return count(server, [](const EmbeddedServer& of) { return of.ephemerals().size(); });
}

size_t lh_embedded_server_nodes(lh_embedded_server* server, const char* path) {
    return count(server, [path](const EmbeddedServer& of) {
        return path != nullptr ? of.nodes(path).size() : 0;
    });
}
