// See engine_driver.hpp; the network and the clock are in world.cpp.
#include "tests/support/engine_driver.hpp"

#include <stdexcept>
#include <utility>

namespace leasehold::support {

core::Settings test_settings(const ClientOptions& changes) {
    return core::make_settings("zk1", changes).value();
}

EngineDriver::EngineDriver(World& world, core::Settings settings, std::uint64_t seed)
    : x_world(world), x_engine(std::move(settings), seed) {}

/// What is overdue first, then the input, then what follows: as the production shell does.
template <class Input>
void EngineDriver::turn(Input input) {
    x_engine.on_time(x_world.now());
    input(x_world.now());
    flush();
}

void EngineDriver::flush() {
    for (;;) {
        if (std::string bytes = std::exchange(x_engine.outbound(), {}); !bytes.empty()) {
            write(std::move(bytes));
        }
        std::vector<core::Effect> effects;
        x_engine.take_effects(effects);
        if (effects.empty()) {
            return;
        }
        for (const core::Effect& effect : effects) {
            x_told.push_back({x_world.now(), effect});
            carry_out(effect);
        }
    }
}

void EngineDriver::write(std::string bytes) {
    if (!x_link) {
        throw std::logic_error("the engine writes without a connection");
    }
    Write record{x_world.now(), x_link.get(), {}};
    if (bytes != "srvr") {
        wire::FrameSplitter splitter;
        splitter.feed(bytes);
        for (auto frame = splitter.next(); frame.value(); frame = splitter.next()) {
            if (!std::exchange(x_is_greeted, true)) {
                record.frames.push_back({0, wire::Opcode::create_session, {}, {}});
                continue;
            }
            const wire::RequestView request = wire::split_request(*frame.value()).value();
            wire::Reader in(request.body);
            const std::string_view path = in.string();
            record.frames.push_back({request.header.xid, request.header.op,
                                     path.starts_with('/') ? std::string(path) : std::string{},
                                     std::string(request.body)});
        }
        if (splitter.buffered() != 0) {
            throw std::logic_error("the engine wrote half a frame");
        }
    }
    if (on_write) {
        on_write(record);
    }
    x_writes.push_back(std::move(record));
    x_world.send_up(x_link, std::move(bytes));
}

void EngineDriver::carry_out(const core::Effect& effect) {
    if (std::holds_alternative<core::Resolve>(effect)) {
        x_world.after(std::chrono::milliseconds{1}, [this] {
            when_awake([this] {
                turn([this](Instant now) { x_engine.on_resolved(now, {{"10.0.0.1", 2181}}); });
            });
        });
    } else if (std::holds_alternative<core::Connect>(effect)) {
        connect();
    } else if (std::holds_alternative<core::Disconnect>(effect) && x_link) {
        x_link->is_open = false;
        x_world.hang_up(std::exchange(x_link, nullptr));
    } else if (std::holds_alternative<core::SaslBegin>(effect)) {
        talk_sasl({});
    } else if (std::holds_alternative<core::SaslContinue>(effect)) {
        talk_sasl({.token = core::Secret(sasl_word.value_or("")), .is_done = true});
    }
}

/// On its thread, which takes its time.
void EngineDriver::talk_sasl(core::SaslMove move) {
    x_world.after(std::chrono::milliseconds{1}, [this, link = x_link, move = std::move(move)] {
        when_awake([this, link, move] {
            if (!link->is_open) {
                return;
            }
            turn([&](Instant now) {
                if (sasl_word) {
                    x_engine.on_sasl(now, move);
                } else {
                    x_engine.on_sasl(now, Error{errc::auth_failed, "no ticket"});
                }
            });
        });
    });
}

void EngineDriver::connect() {
    if (x_link) {
        throw std::logic_error("the engine connects while it is connected");
    }
    x_link = std::make_shared<Link>(Link{.owner = this});
    x_is_greeted = false;
    if (ignores_connects) {
        return;
    }
    x_world.after(2 * x_world.delay(link_options), [this, link = x_link] {
        if (!refuses_connects) {
            x_world.connect(link);
        }
        when_awake([this, link] {
            if (!link->is_open) {
                return;
            }
            if (link->server_id == 0) {
                return on_server_closed(link);
            }
            turn([this](Instant now) { x_engine.on_connected(now); });
        });
    });
}

void EngineDriver::when_awake(std::function<void()> input) {
    if (is_paused()) {
        x_inbox.push_back(std::move(input));
    } else {
        input();
    }
}

void EngineDriver::on_bytes(const std::shared_ptr<Link>& link, const std::string& bytes) {
    when_awake([this, link, bytes] {
        turn([](Instant) {});
        if (link->is_open) {
            read(bytes);
        }
    });
}

void EngineDriver::read(std::string_view bytes) {
    if (on_read) {
        on_read(x_link.get(), bytes);
    }
    turn([&](Instant now) { x_engine.on_bytes(now, bytes); });
}

void EngineDriver::on_server_closed(const std::shared_ptr<Link>& link) {
    when_awake([this, link] {
        turn([](Instant) {});
        if (std::exchange(link->is_open, false)) {
            x_link.reset();
            turn([this](Instant now) { x_engine.on_disconnected(now, "closed by the peer"); });
        }
    });
}

bool EngineDriver::is_paused() const {
    return x_is_stopped;
}

Instant EngineDriver::next_wakeup() const {
    return x_is_stopped ? x_resume_at : x_engine.next_wakeup();
}

void EngineDriver::wake() {
    x_is_stopped = false;
    turn([](Instant) {});
    if (x_engine.next_wakeup() <= x_world.now()) {
        throw std::logic_error("the engine asks to be woken again at once");
    }
    for (const auto& input : std::exchange(x_inbox, {})) {
        input();
    }
}

// ---- what a user does ----

void EngineDriver::start() {
    turn([this](Instant now) { x_engine.start(now); });
}

OperationId EngineDriver::acquire(const std::string& path, LockOptions options, std::string record,
                                  std::vector<wire::Acl> acl) {
    return acquire(core::Recipe{}, path, options, std::move(record), std::move(acl));
}

OperationId EngineDriver::acquire(core::Recipe recipe, const std::string& path, LockOptions options,
                                  std::string record, std::vector<wire::Acl> acl) {
    return ask({path, recipe, options, std::move(acl), std::move(record)});
}

OperationId EngineDriver::elect(const std::string& path, LockOptions options, std::string record) {
    return ask({.path = path,
                .options = options,
                .acl = {{wire::perms::all, "world", "anyone"}},
                .record = std::move(record),
                .is_rolling = true});
}

OperationId EngineDriver::ask(core::AcquireSpec spec) {
    const OperationId id = x_next_id++;
    turn([&](Instant now) {
        x_engine.acquire(now, id, std::make_shared<const core::AcquireSpec>(std::move(spec)));
    });
    return id;
}

void EngineDriver::cancel(OperationId id) {
    turn([&](Instant now) { x_engine.cancel_acquire(now, id); });
}

void EngineDriver::release(OperationId lease) {
    turn([&](Instant now) { x_engine.release(now, lease); });
}

OperationId EngineDriver::extend(OperationId lease, Duration budget) {
    const OperationId id = x_next_id++;
    turn([&](Instant now) { x_engine.extend(now, id, lease, budget); });
    return id;
}

OperationId EngineDriver::downgrade(OperationId lease) {
    const OperationId id = x_next_id++;
    turn([&](Instant now) { x_engine.downgrade(now, id, lease); });
    return id;
}

OperationId EngineDriver::upgrade(OperationId lease, milliseconds wait) {
    const OperationId id = x_next_id++;
    turn([&](Instant now) { x_engine.upgrade(now, id, lease, wait); });
    return id;
}

void EngineDriver::call_returned(OperationId lease) {
    turn([&](Instant now) { x_engine.call_returned(now, lease); });
}

OperationId EngineDriver::submit(core::RawRequest request) {
    const OperationId id = x_next_id++;
    turn([&](Instant now) { x_engine.submit(now, id, std::move(request)); });
    return id;
}

void EngineDriver::cancel_request(OperationId id) {
    turn([&](Instant now) { x_engine.cancel_request(now, id); });
}

void EngineDriver::unwatch(OperationId watch) {
    turn([&](Instant now) { x_engine.unwatch(now, watch); });
}

void EngineDriver::add_auth(std::string scheme, std::string secret) {
    turn([&](Instant now) { x_engine.add_auth(now, {std::move(scheme), core::Secret(secret)}); });
}

void EngineDriver::close(Duration within) {
    turn([&](Instant now) { x_engine.close(now, core::later(now, within)); });
}

// ---- what goes wrong ----

void EngineDriver::cut() {
    if (!x_link || x_link->server_id == 0) {
        return;
    }
    const auto link = x_link;
    link->is_dead = true;
    x_world.server.hang_up(link->server_id);
    on_server_closed(link);
}

void EngineDriver::stall() {
    if (x_link) {
        x_link->is_dead = true;
    }
}

void EngineDriver::pause(Duration length) {
    x_is_stopped = true;
    x_resume_at = core::later(x_world.now(), length);
}

void EngineDriver::inject(std::string_view bytes) {
    read(bytes);
}

// ---- what came of it ----

const core::Grant* EngineDriver::grant(OperationId id) const {
    const auto* done = about<core::AcquireDone>(id);
    return done != nullptr ? std::get_if<core::Grant>(&done->outcome) : nullptr;
}

const core::Refusal* EngineDriver::refusal(OperationId id) const {
    const auto* done = about<core::AcquireDone>(id);
    return done != nullptr ? std::get_if<core::Refusal>(&done->outcome) : nullptr;
}

bool EngineDriver::is_valid(OperationId lease) const {
    const core::Grant* granted = grant(lease);
    return granted != nullptr && granted->lease->word.deadline() > x_world.now();
}

std::vector<std::string> EngineDriver::logged() const {
    std::vector<std::string> events;
    for (const auto& log : all<core::Log>()) {
        events.push_back(log.event);
    }
    return events;
}

std::vector<EngineDriver::Frame> EngineDriver::requests() const {
    std::vector<Frame> frames;
    for (const Write& each : x_writes) {
        for (const Frame& frame : each.frames) {
            if (frame.op != wire::Opcode::ping) {
                frames.push_back(frame);
            }
        }
    }
    return frames;
}

ClientStats EngineDriver::stats() const {
    return x_engine.stats(x_world.now());
}

std::int64_t EngineDriver::session() const {
    return x_link ? x_world.server.session_of(x_link->server_id) : 0;
}

bool EngineDriver::is_at_rest() const {
    return x_engine.next_wakeup() == Instant::max();
}

}  // namespace leasehold::support
