// One client process: the production engine behind a shell that has a clock of its own, can be
// stopped, and can die.
#pragma once

#include "sdk/core/engine.hpp"
#include "tests/sim/drift_clock.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::sim {

class Process {
public:
    Process(World& world, Network& network, const ProcessPlan& plan);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void start();
    /// A turn of the I/O thread: what is overdue first, then the input, then what follows from it.
    template <class Input>
    void turn(Input input) {
        notice_lateness();
        x_engine.on_time(local());
        input(x_engine, local());
        flush();
    }
    [[nodiscard]] OperationId next_id() { return x_next_id++; }

    // ---- what goes wrong ----

    void cut();
    void stall();
    void half_open();
    void lag(Duration by);
    void pause(Duration length);
    /// A turn that nobody asked for.
    void wake_early() {
        turn([](core::Engine&, Instant) {});
    }
    /// Timers fire late by this much until then; 0 for never.
    void delay_timers(Duration by, Duration how_long);
    void refuse_connects(Duration how_long) {
        x_refused_until = x_disturbed_at = x_world.now + how_long;
    }
    void ignore_connects(Duration how_long) {
        x_ignored_until = x_disturbed_at = x_world.now + how_long;
    }
    /// For ever. Its sockets are closed by its kernel, unless the whole machine went.
    void die(bool is_machine_lost);
    /// From now on nothing goes wrong with it.
    void heal();

    // ---- for the network ----

    void on_bytes(const LinkPtr& link, std::string_view bytes);
    void on_closed(const LinkPtr& link);

    // ---- for the world ----

    /// In true time.
    [[nodiscard]] Instant wake_at() const { return x_wake_at; }
    void wake();

    [[nodiscard]] ClientNumber number() const { return x_number; }
    [[nodiscard]] const ProcessPlan& plan() const { return x_plan; }
    [[nodiscard]] Instant local() const { return x_clock.read(x_world.now); }
    [[nodiscard]] bool is_gone() const { return x_is_gone; }
    [[nodiscard]] bool is_paused() const { return x_is_paused; }
    [[nodiscard]] bool is_closed() const { return x_is_closed; }
    /// A server has answered its connect request.
    [[nodiscard]] bool is_attached() const { return x_link && x_link->is_welcome; }
    [[nodiscard]] std::uint64_t newest_delivered() const { return x_newest_delivered; }
    void note_delivered(std::uint64_t link) {
        x_newest_delivered = x_newest_delivered < link ? link : x_newest_delivered;
    }
    [[nodiscard]] ClientStats stats() const { return x_engine.stats(local()); }
    /// Calm if nothing has disturbed it since then.
    [[nodiscard]] Condition condition(Instant since) const;
    [[nodiscard]] bool is_disturbed() const;
    [[nodiscard]] std::int64_t session() const { return x_session; }
    /// Something happens to it now.
    void disturb() { x_disturbed_at = std::max(x_disturbed_at, x_world.now); }

private:
    void flush();
    void write(std::string bytes);
    void read_request(std::string_view frame);
    void read_lock_request(wire::Opcode op, wire::Reader& in);
    void read_multi(wire::Reader& in);
    void carry_out(core::Effect& effect);
    void connect(const core::Endpoint& endpoint);
    void finish_connect(const LinkPtr& link);
    void lose_link();
    void read(Link& link, std::string_view bytes);
    void read_reply(Link& link, std::string_view frame);
    void read_connect_response(Link& link, std::string_view frame);
    void acknowledged(Instant sent);
    void check_evidence();
    void when_awake(std::function<void()> input);
    void arm();
    void notice_lateness();

    World& x_world;
    Network& x_network;
    const ProcessPlan& x_plan;
    DriftClock x_clock;
    core::Engine x_engine;
    ClientNumber x_number;
    OperationId x_next_id = 1;

    LinkPtr x_link;
    std::uint64_t x_links = 0;
    std::uint64_t x_newest_delivered = 0;

    // What the observer's bound on the safe deadline rests on.
    std::int64_t x_session = 0;
    Duration x_timeout{};
    Instant x_created{};
    Instant x_newest = Instant::min();
    Instant x_newest_commit = Instant::min();
    bool x_has_news = false;
    bool x_must_be_lost = false;  ///< what came leaves no other choice than to give the session up
    std::int32_t x_last_xid = 0;
    bool x_is_closing = false;

    bool x_is_gone = false;
    bool x_is_paused = false;
    bool x_is_closed = false;
    Instant x_paused_since{};
    Instant x_wake_at = Instant::max();
    Instant x_due_at = Instant::max();  ///< when the engine wanted to be woken, in true time
    Duration x_lateness{};
    Instant x_late_until = Instant::min();
    Instant x_refused_until = Instant::min();
    Instant x_ignored_until = Instant::min();
    Instant x_disturbed_at = genesis;
    Instant x_quiet_loss_at{};  ///< when the engine last left a connection that was well
    std::vector<std::function<void()>> x_inbox;
};

}  // namespace leasehold::sim
