// Engines and a fake server joined by a network under one virtual clock: runs months of waiting in
// milliseconds, the same way each time.
#pragma once

#include <leasehold/clock.hpp>

#include "sdk/core/engine.hpp"
#include "sdk/core/random.hpp"
#include "tests/support/fake_zookeeper.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace leasehold::support {

using core::OperationId;

class EngineDriver;
class World;

/// Options that the tests share: standalone, T = 20 s, tick 1 s, so that 18 s fit into a lease.
[[nodiscard]] core::Settings test_settings(const ClientOptions& changes = {
                                               .session_timeout = std::chrono::seconds{20},
                                               .tick = std::chrono::seconds{1},
                                               .standalone = true,
                                               .server_version = "3.8.0"});

struct LinkOptions {
    Duration min_delay = std::chrono::milliseconds{1};  ///< one way
    Duration max_delay = std::chrono::milliseconds{1};
    std::size_t chunk = 0;  ///< bytes that arrive at the client at once; 0 is all of them
};

/// One connection's two directions.
struct Link {
    EngineDriver* owner;
    ConnectionId server_id = 0;
    bool is_open = true;   ///< at the client
    bool is_dead = false;  ///< nothing gets through any more, and nobody is told
    Instant last_up{};     ///< when the newest bytes arrive there
    Instant last_down{};
};

/// The shell of one engine: what sdk/client is in production.
class EngineDriver {
public:
    struct Told {
        Instant at;
        core::Effect effect;
    };
    struct Frame {
        std::int32_t xid;
        wire::Opcode op;  ///< create_session stands for the connect request
        std::string path;
        std::string body;
    };
    /// What one turn wrote.
    struct Write {
        Instant at;
        const Link* link;
        std::vector<Frame> frames;
    };

    EngineDriver(World& world, core::Settings settings, std::uint64_t seed);

    // ---- what a user does ----

    void start();
    OperationId acquire(const std::string& path, LockOptions options = {}, std::string record = {},
                        std::vector<wire::Acl> acl = {{wire::perms::all, "world", "anyone"}});
    OperationId acquire(core::Recipe recipe, const std::string& path, LockOptions options,
                        std::string record = {},
                        std::vector<wire::Acl> acl = {{wire::perms::all, "world", "anyone"}});
    /// Stands for leadership.
    OperationId elect(const std::string& path, LockOptions options, std::string record);
    void cancel(OperationId id);
    void release(OperationId lease);
    OperationId extend(OperationId lease, Duration budget);
    /// What the next operation will be called: some are answered before they return.
    [[nodiscard]] OperationId next_id() const { return x_next_id; }
    OperationId downgrade(OperationId lease);
    OperationId upgrade(OperationId lease, milliseconds wait);
    void call_returned(OperationId lease);
    template <class Body>
    OperationId submit(const Body& body, Duration timeout = {},
                       std::optional<std::pair<core::WatchKind, std::string>> watch = {}) {
        std::string bytes;
        wire::Writer writer(bytes);
        encode(writer, body);
        return submit(core::RawRequest{Body::op, std::move(bytes), std::move(watch), timeout});
    }
    OperationId ask(core::AcquireSpec spec);
    OperationId submit(core::RawRequest request);
    void cancel_request(OperationId id);
    void unwatch(OperationId watch);
    void add_auth(std::string scheme, std::string secret);
    void close(Duration within);

    // ---- what goes wrong ----

    LinkOptions link_options;
    bool refuses_connects = false;
    bool ignores_connects = false;
    /// What the mechanism of SASL says when it is asked for the word; nothing: it cannot begin.
    std::optional<std::string> sasl_word;
    /// Both ends learn at once; what was under way is lost.
    void cut();
    /// Nothing gets through any more, and nobody is told.
    void stall();
    /// Stops the process: what comes in waits in its socket.
    void pause(Duration length);
    /// Bytes as if from the server.
    void inject(std::string_view bytes);

    // ---- what came of it ----

    [[nodiscard]] const std::vector<Told>& told() const { return x_told; }
    template <class Kind>
    [[nodiscard]] std::vector<Kind> all() const {
        std::vector<Kind> some;
        for (const Told& each : x_told) {
            if (const auto* kind = std::get_if<Kind>(&each.effect)) {
                some.push_back(*kind);
            }
        }
        return some;
    }
    /// The last of its kind for this operation or lease, and when it came.
    template <class Kind>
    [[nodiscard]] const Kind* about(OperationId id, Instant* at = nullptr) const {
        const Kind* last = nullptr;
        for (const Told& each : x_told) {
            const auto* kind = std::get_if<Kind>(&each.effect);
            if (kind != nullptr && id_of(*kind) == id) {
                last = kind;
                if (at != nullptr) {
                    *at = each.at;
                }
            }
        }
        return last;
    }
    template <class Kind>
    [[nodiscard]] std::size_t count(OperationId id) const {
        std::size_t found = 0;
        for (const Told& each : x_told) {
            const auto* kind = std::get_if<Kind>(&each.effect);
            found += kind != nullptr && id_of(*kind) == id ? 1 : 0;
        }
        return found;
    }
    [[nodiscard]] const core::Grant* grant(OperationId id) const;
    [[nodiscard]] const core::Refusal* refusal(OperationId id) const;
    /// The lease's word is ahead of the clock; asks without latching it.
    [[nodiscard]] bool is_valid(OperationId lease) const;
    [[nodiscard]] std::vector<std::string> logged() const;
    [[nodiscard]] const std::vector<Write>& writes() const { return x_writes; }
    /// Called with each write, before it leaves.
    std::function<void(const Write&)> on_write;
    /// Called with what comes from the server, before the engine has it.
    std::function<void(const Link*, std::string_view)> on_read;
    /// The frames of all writes since forget_writes(), pings left out.
    [[nodiscard]] std::vector<Frame> requests() const;
    void forget_writes() { x_writes.clear(); }
    [[nodiscard]] ClientStats stats() const;
    [[nodiscard]] const core::Engine& engine() const { return x_engine; }
    [[nodiscard]] std::int64_t session() const;
    [[nodiscard]] const Link* link() const { return x_link.get(); }
    [[nodiscard]] bool is_paused() const;
    [[nodiscard]] Instant resumed_at() const { return x_resume_at; }
    /// The engine is closed and has nothing left to do.
    [[nodiscard]] bool is_at_rest() const;

    // ---- for the world ----

    [[nodiscard]] Instant next_wakeup() const;
    void wake();
    void on_bytes(const std::shared_ptr<Link>& link, const std::string& bytes);
    void on_server_closed(const std::shared_ptr<Link>& link);

private:
    template <class Kind>
    static OperationId id_of(const Kind& kind) {
        if constexpr (requires { kind.lease; }) {
            return kind.lease;
        } else if constexpr (requires { kind.watch; }) {
            return kind.watch;
        } else {
            return kind.id;
        }
    }

    void when_awake(std::function<void()> input);
    template <class Input>
    void turn(Input input);
    void flush();
    void write(std::string bytes);
    void read(std::string_view bytes);
    void carry_out(const core::Effect& effect);
    void connect();
    void talk_sasl(core::SaslMove move);

    World& x_world;
    core::Engine x_engine;
    OperationId x_next_id = 1;
    std::shared_ptr<Link> x_link;
    bool x_is_greeted = false;
    Instant x_resume_at = Instant::min();
    bool x_is_stopped = false;
    std::vector<std::function<void()>> x_inbox;
    std::vector<Told> x_told;
    std::vector<Write> x_writes;
};

/// The clock, the network and the server. Deterministic: the same calls give the same run.
class World {
public:
    explicit World(FakeOptions options = {}, std::uint64_t seed = 1);

    EngineDriver& add(core::Settings settings = test_settings());

    [[nodiscard]] Instant now() const { return x_now; }
    void at(Instant when, std::function<void()> what);
    void after(Duration delay, std::function<void()> what) {
        at(core::later(x_now, delay), std::move(what));
    }
    void run_for(Duration length);
    /// False if it did not come true within the limit.
    bool run_until(const std::function<bool()>& is_done, Duration limit = std::chrono::seconds{60});

    FakeZooKeeper server;
    core::Random random;
    /// Called after each thing that happened.
    std::function<void()> after_step;

    // ---- for drivers ----

    void connect(const std::shared_ptr<Link>& link);
    void send_up(const std::shared_ptr<Link>& link, std::string bytes);
    void hang_up(const std::shared_ptr<Link>& link);
    [[nodiscard]] Duration delay(const LinkOptions& options);
    /// Takes what the server wrote, and sends it on its way.
    void collect();

private:
    [[nodiscard]] Instant next_step() const;
    void step(Instant when);

    Instant x_now{std::chrono::seconds{1000}};
    std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> x_events;
    std::uint64_t x_next_event = 0;
    std::map<ConnectionId, std::shared_ptr<Link>> x_links;
    std::vector<std::unique_ptr<EngineDriver>> x_drivers;
};

}  // namespace leasehold::support
