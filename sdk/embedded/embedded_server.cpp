#include <leasehold/testing.hpp>

#include "sdk/embedded/faults.hpp"
#include "sdk/embedded/host.hpp"
#include "sdk/embedded/release.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <unistd.h>
#include <utility>

namespace leasehold::testing {
namespace {

using namespace std::chrono_literals;
using embedded::Front;
using embedded::Host;

constexpr std::size_t most_servers = 9;

result<embedded::Settings> settings_of(const EmbeddedServerOptions& options) {
    const auto refuse = [](const char* why) { return Error(errc::invalid_argument, why); };
    if (options.servers < 1 || options.servers > most_servers) {
        return refuse("servers: 1 to 9");
    }
    if (options.tick < 1ms || options.tick > 1h || options.sync_limit < 1) {
        return refuse("tick: 1 ms to 1 h; sync_limit: at least 1");
    }
    const milliseconds least =
        options.min_session_timeout == 0ms ? 2 * options.tick : options.min_session_timeout;
    if (least < 1ms || options.max_session_timeout < least) {
        return refuse("session timeouts: 1 ms <= minimum <= maximum; the minimum is two ticks");
    }
    const auto release = embedded::parse_release(options.version);
    if (!release) {
        return refuse("version: 3.4.0 to 3.9.9, as in \"3.8.0\"");
    }
    embedded::Settings settings;
    settings.port = options.port;
    settings.ensemble.servers = options.servers;
    settings.ensemble.release = *release;
    settings.ensemble.tick = options.tick;
    settings.ensemble.sync_limit = options.sync_limit;
    settings.ensemble.min_session_timeout = least;
    settings.ensemble.max_session_timeout = options.max_session_timeout;
    return settings;
}

}  // namespace

struct EmbeddedServer::Impl {
    EmbeddedServerOptions options{};
    std::vector<std::uint16_t> ports{};
    std::string connect_string{};
    std::unique_ptr<Host> host{};
    pid_t process = ::getpid();

    template <class Function>
    void each(std::size_t server, Function&& function) const {
        host->run([&](Front& front) {
            for (std::size_t number = 0; number < ports.size(); ++number) {
                if (server == every_server || server == number) {
                    function(front, number);
                }
            }
        });
    }
};

EmbeddedServer::EmbeddedServer(std::unique_ptr<Impl> impl) noexcept : x_impl(std::move(impl)) {}

EmbeddedServer::EmbeddedServer(EmbeddedServer&&) noexcept = default;

EmbeddedServer& EmbeddedServer::operator=(EmbeddedServer&& other) noexcept {
    if (this != &other) {
        const EmbeddedServer before(std::exchange(x_impl, std::move(other.x_impl)));
    }
    return *this;
}

EmbeddedServer::~EmbeddedServer() {
    if (x_impl && x_impl->process != ::getpid()) {
        // The thread stayed with the parent; joining it would never end.
        static_cast<void>(x_impl.release());
    }
}

result<EmbeddedServer> EmbeddedServer::start(const EmbeddedServerOptions& options) {
    BOOST_OUTCOME_TRY(embedded::Settings settings, settings_of(options));
    auto impl = std::make_unique<Impl>();
    impl->options = options;
    BOOST_OUTCOME_TRY(impl->host, Host::start(std::move(settings)));
    impl->host->run([&](Front& front) {
        for (std::size_t server = 0; server < options.servers; ++server) {
            impl->ports.push_back(front.endpoint(server).port());
        }
    });
    for (const std::uint16_t port : impl->ports) {
        impl->connect_string += impl->connect_string.empty() ? "" : ",";
        impl->connect_string += "127.0.0.1:" + std::to_string(port);
    }
    return EmbeddedServer(std::move(impl));
}

// ---- for clients
// ---------------------------------------------------------------------------------

const std::string& EmbeddedServer::connect_string() const noexcept {
    return x_impl->connect_string;
}

std::uint16_t EmbeddedServer::port(std::size_t server) const noexcept {
    return server < size() ? x_impl->ports[server] : std::uint16_t{0};
}

std::size_t EmbeddedServer::size() const noexcept {
    return x_impl->ports.size();
}

ClientOptions EmbeddedServer::client_options(milliseconds session_timeout) const noexcept {
    const EmbeddedServerOptions& servers = x_impl->options;
    ClientOptions options;
    options.tick = servers.tick;
    options.sync_limit = servers.sync_limit;
    options.standalone = servers.servers == 1;
    // A test's machine is often busy: a reply that takes long should not cost the evidence.
    options.ack_gap = std::max(1'000ms, servers.tick);
    options.connect_timeout = 1s;
    options.backoff_min = 10ms;
    options.backoff_max = 100ms;
    options.max_connects_per_second = 100;
    if (session_timeout != 0ms) {
        options.session_timeout = session_timeout;
        options.ack_gap = std::clamp(session_timeout / 10, 1ms, options.ack_gap);
        return options;
    }
    // The smallest whole second T for which B + tick/2 + G <= (1 - rho) * T - Delta - eps.
    const milliseconds delta =
        options.standalone ? 0ms : (options.sync_limit + 2) * options.tick + options.ack_gap;
    const milliseconds needed =
        LockOptions{}.budget + options.tick / 2 + options.ack_gap + delta + options.margin;
    const auto least = static_cast<std::int64_t>(
        std::ceil(static_cast<double>(needed.count()) / (1 - options.clock_drift)));
    options.session_timeout = std::min(
        std::chrono::milliseconds(std::chrono::ceil<std::chrono::seconds>(milliseconds(least))),
        servers.max_session_timeout);
    return options;
}

// ---- sessions
// ------------------------------------------------------------------------------------

bool EmbeddedServer::expire_session(std::int64_t session) {
    bool has_expired = false;
    x_impl->host->run([&](Front& front) {
        front.turn([&](Instant now, server::Ensemble& ensemble) {
            has_expired = ensemble.expire(now, session);
        });
    });
    return has_expired;
}

std::size_t EmbeddedServer::expire_all_sessions() {
    std::size_t count = 0;
    x_impl->host->run([&](Front& front) {
        front.turn([&](Instant now, server::Ensemble& ensemble) {
            for (const std::int64_t session : ensemble.sessions()) {
                count += ensemble.expire(now, session) ? 1 : 0;
            }
        });
    });
    return count;
}

// ---- requests and replies
// ------------------------------------------------------------------------

void EmbeddedServer::drop_next_reply(Operation operation) {
    x_impl->host->run([&](Front& front) {
        front.plan().add(embedded::fits(operation), server::Fate::close_unheard);
    });
}

void EmbeddedServer::drop_next_request(Operation operation) {
    x_impl->host->run([&](Front& front) {
        front.plan().add(embedded::fits(operation), server::Fate::close_before);
    });
}

std::size_t EmbeddedServer::drops_left() const {
    return x_impl->host->run([](Front& front) { return front.plan().size(); });
}

void EmbeddedServer::delay(Duration delay) {
    x_impl->host->run([&](Front& front) { front.set_delay(std::max(delay, Duration{0})); });
}

// ---- connections
// ---------------------------------------------------------------------------------

void EmbeddedServer::cut(std::size_t server) {
    x_impl->each(server, [](Front& front, std::size_t number) { front.cut(number); });
}

void EmbeddedServer::half_open(bool is_half_open, std::size_t server) {
    x_impl->each(server, [&](Front& front, std::size_t number) {
        front.set_half_open(number, is_half_open);
    });
}

void EmbeddedServer::refuse_connections(bool is_refusing, std::size_t server) {
    x_impl->each(
        server, [&](Front& front, std::size_t number) { front.set_refusing(number, is_refusing); });
}

// ---- servers
// -------------------------------------------------------------------------------------

void EmbeddedServer::pause(std::size_t server) {
    x_impl->each(server, [](Front& front, std::size_t number) { front.set_paused(number, true); });
}

void EmbeddedServer::resume(std::size_t server) {
    x_impl->each(server, [](Front& front, std::size_t number) { front.set_paused(number, false); });
}

void EmbeddedServer::kill(std::size_t server) {
    x_impl->each(server, [](Front& front, std::size_t number) { front.set_down(number, true); });
}

void EmbeddedServer::restart(std::size_t server) {
    x_impl->each(server, [](Front& front, std::size_t number) { front.set_down(number, false); });
}

void EmbeddedServer::partition(std::size_t server, bool is_partitioned) {
    if (server >= size()) {
        return;
    }
    x_impl->host->run([&](Front& front) {
        front.turn([&](Instant now, server::Ensemble& ensemble) {
            ensemble.set_partitioned(now, server, is_partitioned);
        });
    });
}

// ---- what an observer sees
// -----------------------------------------------------------------------

std::vector<std::int64_t> EmbeddedServer::sessions() const {
    return x_impl->host->run([](Front& front) { return front.ensemble().sessions(); });
}

std::vector<std::string> EmbeddedServer::nodes(std::string_view path) const {
    return x_impl->host->run([&](Front& front) {
        const server::Znode* const node = front.ensemble().committed().find(path);
        return node == nullptr
                   ? std::vector<std::string>()
                   : std::vector<std::string>(node->children.begin(), node->children.end());
    });
}

std::vector<std::string> EmbeddedServer::ephemerals() const {
    return x_impl->host->run([](Front& front) {
        const server::Ensemble& ensemble = front.ensemble();
        std::vector<std::string> paths;
        for (const std::int64_t session : ensemble.sessions()) {
            const server::NodeNames& of_session = ensemble.committed().ephemerals_of(session);
            paths.insert(paths.end(), of_session.begin(), of_session.end());
        }
        std::sort(paths.begin(), paths.end());
        return paths;
    });
}

std::size_t EmbeddedServer::watches() const {
    return x_impl->host->run([](Front& front) {
        std::size_t count = 0;
        for (std::size_t server = 0; server < front.ensemble().size(); ++server) {
            count += front.ensemble().watches(server);
        }
        return count;
    });
}

std::size_t EmbeddedServer::connections() const {
    return x_impl->host->run([](Front& front) { return front.connections(); });
}

std::size_t EmbeddedServer::leader() const {
    return x_impl->host->run(
        [](Front& front) { return front.ensemble().leader().value_or(every_server); });
}

}  // namespace leasehold::testing
