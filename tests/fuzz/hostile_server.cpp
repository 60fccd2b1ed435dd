// The whole engine and a server that lies: the input is a script of what the client's user does,
// what others and the server do to it, what becomes of frames, and how much time passes. Judge says
// what has to hold.
#include "sdk/client/lock_request.hpp"
#include "sdk/wire/node.hpp"
#include "sdk/wire/watch.hpp"
#include "tests/fuzz/judge.hpp"
#include "tests/fuzz/lies.hpp"
#include "tests/fuzz/script.hpp"
#include "tests/fuzz/target.hpp"

#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace leasehold::fuzz {
namespace {

using namespace std::chrono_literals;
using support::Fate;
using wire::Opcode;
using wire::ServerError;

constexpr std::size_t most_actions = 48;
constexpr std::array<std::string_view, 4> lock_paths{"/q", "/r", "/a/b/c", "/q/deep"};
constexpr std::array<milliseconds, 8> waits{0ms, 5ms, 300ms, 1s, 5s, 30s, 60s, 2s};
constexpr std::array<milliseconds, 8> budgets{1ms, 50ms, 1s, 3s, 5s, 10s, 18s, 60s};
constexpr std::array<milliseconds, 8> passing{0ms, 1ms, 2ms, 10ms, 100ms, 1s, 4s, 21s};

core::Settings settings_of(Script& script) {
    ClientOptions options{.session_timeout = 20s,
                          .tick = 1s,
                          .standalone = true,
                          .max_pending = 40,
                          .orphan_limit = 5s,
                          .server_version = "3.8.0"};
    const std::uint8_t which = script.byte();
    options.standalone = (which & 1U) == 0;
    options.sync_limit = 1;
    if ((which & 2U) != 0) {
        options.server_version = (which & 4U) != 0 ? "3.4.8" : "";
    }
    options.max_frame_bytes = (which & 8U) != 0 ? 1024 : 4U << 20U;
    return core::make_settings("zk1", options).value();
}

LockOptions lock_options(Script& script, LockKind kind) {
    const std::uint8_t flags = script.byte();
    constexpr std::array namings{Naming::curator, Naming::curator_read_write, Naming::kazoo};
    LockOptions options{
        .wait = script.one_of(waits),
        .budget = script.one_of(budgets),
        .on_budget = (flags & 1U) != 0 ? OnBudget::hold_until_return : OnBudget::release,
        .naming = script.one_of(namings),
        .permits = kind == LockKind::permit ? 2 : 1,
        .check_first = (flags & 2U) != 0,
        .refuse_hopeless = (flags & 4U) != 0,
        .accept_shortened = (flags & 8U) == 0,
        .watch_own_node = (flags & 16U) != 0};
    if (kind != LockKind::permit && (flags & 32U) != 0) {
        options.lock_delay = 500ms;
    }
    if (kind == LockKind::exclusive && (flags & 64U) != 0) {
        options.keep_idle = 1s;
    }
    options.max_queue = (flags & 128U) != 0 ? 1 : 0;
    options.max_local_grants = 1 + static_cast<int>(script.below(3));
    return options;
}

class Play {
public:
    explicit Play(Script script)
        : x_script(script),
          x_settings(settings_of(x_script)),
          x_driver(x_world.add(x_settings)),
          x_judge(x_world, x_driver, x_settings) {
        x_world.server.tamper = [this](Opcode op, std::string& frame) { x_lies.tell(op, frame); };
        x_world.server.make(x_world.now(), "/q");
        x_driver.start();
    }

    void run() {
        for (std::size_t i = 0; i < most_actions && !x_script.is_over(); ++i) {
            act();
            x_world.collect();
            x_judge.check();
        }
        x_judge.finish();
    }

private:
    void act();
    void acquire();
    void acquire_set();
    void elect();
    void change_lease();
    void submit();
    void others();
    void server();
    void network();
    void inject();

    detail::LockDefaults defaults() {
        return {.chroot = {}, .owner = "fuzz", .acl = {{31, "world", "anyone"}}};
    }
    void ask(const result<detail::SharedLockRequest>& request) {
        if (request) {
            const core::OperationId id = x_driver.ask((*request)->spec);
            x_operations.push_back(id);
            x_judge.on_acquire(id, (*request)->spec);
        }
    }
    core::OperationId some(const std::vector<core::OperationId>& ids) {
        return ids.empty() ? 0 : x_script.one_of(ids);
    }
    std::string some_path() { return std::string(x_script.one_of(lock_paths)); }
    /// A child of a lock path, ours among them.
    std::string some_child() {
        const std::string path = some_path();
        const auto* parent = x_world.server.tree().find(path);
        if (parent == nullptr || parent->children.empty()) {
            return path;
        }
        const std::size_t at = x_script.below(std::min<std::size_t>(parent->children.size(), 256));
        return path + "/" + *std::next(parent->children.begin(), static_cast<std::ptrdiff_t>(at));
    }

    Script x_script;
    core::Settings x_settings;
    support::World x_world;
    support::EngineDriver& x_driver;
    Judge x_judge;
    Lies x_lies;
    std::vector<core::OperationId> x_operations;
    std::vector<core::OperationId> x_requests;
};

void Play::act() {
    switch (x_script.below(16)) {
        case 0:
        case 1: return acquire();
        case 2: return x_script.coin() ? acquire_set() : elect();
        case 3: return x_driver.cancel(some(x_operations));
        case 4: return x_driver.release(some(x_operations));
        case 5: return change_lease();
        case 6: return submit();
        case 7: return others();
        case 8: return server();
        case 9: return network();
        case 10: return inject();
        case 11:
        case 12: return x_lies.add(x_script);
        case 13: return x_world.run_for(milliseconds{x_script.byte()});
        default: return x_world.run_for(x_script.one_of(passing));
    }
}

void Play::acquire() {
    constexpr std::array kinds{LockKind::exclusive, LockKind::shared, LockKind::permit,
                               LockKind::upgradable};
    const LockKind kind = x_script.one_of(kinds);
    const std::string path = some_path();
    ask(detail::make_lock_request(path, kind, lock_options(x_script, kind), defaults()));
}

void Play::acquire_set() {
    const std::array<std::string, 2> paths{"/q", "/r"};
    LockOptions options = lock_options(x_script, LockKind::exclusive);
    options.keep_idle = 0ms;
    ask(detail::make_set_request(paths, options, defaults()));
}

void Play::elect() {
    ask(detail::make_candidacy(some_path(), {.wait = x_script.one_of(waits), .payload = "me"},
                               defaults(), 20s));
}

void Play::change_lease() {
    const std::vector<core::OperationId> leases = x_judge.leases();
    if (leases.empty()) {
        return;
    }
    const core::OperationId lease = x_script.one_of(leases);
    switch (x_script.below(5)) {
        case 0: {
            const Duration budget = x_script.one_of(budgets);
            const core::OperationId id = x_driver.next_id();
            x_judge.on_extend(id, lease, budget);
            static_cast<void>(x_driver.extend(lease, budget));
            return;
        }
        case 1: return x_judge.on_asked(x_driver.downgrade(lease), std::nullopt);
        case 2: {
            const milliseconds wait = x_script.one_of(waits);
            const core::OperationId id = x_driver.upgrade(lease, wait);
            x_operations.push_back(id);
            return x_judge.on_asked(
                id,
                core::later(x_world.now(), std::max<Duration>(wait, x_settings.timing.ack_gap)));
        }
        case 3: return x_driver.call_returned(lease);
        default: return x_driver.release(lease);
    }
}

void Play::submit() {
    const Duration timeout = 1ms + milliseconds{x_script.byte()} * 16;
    const std::string path = x_script.coin() ? some_path() : some_child();
    const auto asked = [&](core::OperationId id) {
        x_requests.push_back(id);
        x_judge.on_asked(id, core::later(x_world.now(), timeout));
    };
    using core::WatchKind;
    switch (x_script.below(8)) {
        case 0:
            return asked(x_driver.submit(wire::GetDataRequest{path, true}, timeout,
                                         std::pair{WatchKind::data, path}));
        case 1:
            return asked(x_driver.submit(wire::ExistsRequest{path, true}, timeout,
                                         std::pair{WatchKind::exist, path}));
        case 2:
            return asked(x_driver.submit(wire::GetChildrenRequest{path, true}, timeout,
                                         std::pair{WatchKind::child, path}));
        case 3: return asked(x_driver.submit(wire::SetDataRequest{path, "x"}, timeout));
        case 4: return asked(x_driver.submit(wire::RemoveRequest{path}, timeout));
        case 5: return asked(x_driver.submit(wire::SyncRequest{path}, timeout));
        case 6: return x_driver.cancel_request(some(x_requests));
        default: return x_driver.unwatch(some(x_requests));
    }
}

void Play::others() {
    const Instant now = x_world.now();
    switch (x_script.below(5)) {
        case 0: {
            std::string name =
                x_script.coin() ? "/other-lock-" : "/" + std::string(x_script.text());
            x_world.server.make(now, some_path() + name, wire::CreateMode::ephemeral_sequential,
                                "who knows", 999);
            return;
        }
        case 1: {
            x_world.server.make(now, some_path() + "/" + std::string(x_script.text()));
            return;
        }
        case 2: return x_world.server.remove(now, some_child());
        case 3: return x_world.server.write(now, some_child(), std::string(x_script.text()));
        default: return x_world.server.remove(now, some_path());
    }
}

void Play::server() {
    constexpr std::array operations{
        Opcode::create,        Opcode::get_children,   Opcode::get_data,
        Opcode::remove,        Opcode::multi,          Opcode::exists,
        Opcode::ping,          Opcode::create_session, Opcode::create_container,
        Opcode::set_data,      Opcode::close_session,  Opcode::get_children2,
        Opcode::remove_watches};
    constexpr std::array fates{Fate::close_before, Fate::close_unheard, Fate::close_after,
                               Fate::freeze_before, Fate::freeze_unheard};
    support::FakeZooKeeper& zookeeper = x_world.server;
    const Opcode op = x_script.one_of(operations);
    switch (x_script.below(7)) {
        case 0: return zookeeper.next(op, x_script.one_of(fates), 1 + int(x_script.below(3)));
        case 1:
        case 2:
            return zookeeper.fail_next(op, static_cast<ServerError>(-int(x_script.byte())),
                                       1 + int(x_script.below(3)));
        case 3:
            if (const std::int64_t session = x_driver.session(); session != 0) {
                zookeeper.expire(x_world.now(), session);
            }
            return;
        case 4: zookeeper.options.is_read_only = x_script.coin(); return;
        case 5: zookeeper.options.max_timeout = x_script.coin() ? 5s : 60s; return;
        default: zookeeper.options.answers_close = x_script.coin(); return;
    }
}

void Play::network() {
    switch (x_script.below(7)) {
        case 0: return x_driver.cut();
        case 1: return x_driver.stall();
        case 2:
            if (!x_driver.is_paused()) {
                x_driver.pause(x_script.one_of(passing));
            }
            return;
        case 3: x_driver.refuses_connects = x_script.coin(); return;
        case 4: x_driver.ignores_connects = x_script.coin(); return;
        case 5: x_driver.link_options.chunk = x_script.below(16); return;
        default: x_driver.link_options.max_delay = milliseconds{1 + x_script.byte()}; return;
    }
}

/// What no request has led to.
void Play::inject() {
    if (x_driver.link() == nullptr || x_driver.is_paused()) {
        return;
    }
    const wire::ReplyHeader event{wire::notification_xid, -1, ServerError::ok};
    switch (x_script.below(4)) {
        case 0: return x_driver.inject(x_script.text());
        case 1: {
            const auto type = static_cast<wire::WatchEventType>(x_script.below(8));
            return x_driver.inject(wire::encode_reply(
                event, wire::WatcherEvent{type, wire::connected_state, some_child()}));
        }
        case 2:
            return x_driver.inject(wire::encode_reply(
                event, wire::WatcherEvent{static_cast<wire::WatchEventType>(x_script.int32()),
                                          x_script.int32(), std::string(x_script.text())}));
        default: {
            const wire::ReplyHeader header{x_script.int32(), x_script.int64(),
                                           static_cast<ServerError>(-int(x_script.byte()))};
            return x_driver.inject(wire::encode_reply(header, wire::Opaque{x_script.text()}));
        }
    }
}

void run(std::string_view input) {
    Play play{Script(input)};
    play.run();
}

LEASEHOLD_FUZZ_TARGET(hostile_server, run)

}  // namespace
}  // namespace leasehold::fuzz
