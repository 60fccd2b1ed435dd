#include "tests/sim/user.hpp"

#include "sdk/core/evidence.hpp"
#include "sdk/wire/multi.hpp"
#include "sdk/wire/node.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace leasehold::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration request_timeout = 5s;
/// One field of contender.proto: the client's name.
constexpr std::string_view name_of_client = "\x3a\x09simulated";

std::vector<wire::Acl> open_to_all() {
    return {{wire::perms::all, "world", "anyone"}};
}

wire::optional_list<wire::Acl> wire_open_to_all() {
    return std::vector<wire::Acl>{{wire::perms::all, "world", "anyone"}};
}

/// And what the engine acts upon: lock_delay_ms, the ninth field, a string.
std::string record_of(const LockOptions& options) {
    std::string record(name_of_client);
    if (options.lock_delay > 0ms) {
        const std::string number = std::to_string(options.lock_delay.count());
        record += 'J';
        record += static_cast<char>(number.size());
        record += number;
    }
    return record;
}

template <class Map>
auto pick(Map& map, std::uint64_t number) {
    return std::next(map.begin(), static_cast<std::ptrdiff_t>(number % map.size()));
}

}  // namespace

void User::start() {
    x_process.start();
    schedule();
}

void User::schedule() {
    x_world.after(x_world.up_to(x_world.plan.between_acts), [this] {
        if (x_world.is_active() && !x_process.is_gone() && !x_is_closing) {
            if (can_act() && !x_process.is_attached() && x_world.chance(3)) {
                close(x_world.up_to(3s));
            } else if (can_act()) {
                act();
            }
            schedule();
        }
    });
}

void User::act() {
    const std::uint64_t dice = x_world.random.below(200);
    const auto& locks = x_world.plan.locks;
    if (dice < 90) {
        // Several threads that want the same lock make a local queue.
        const std::uint64_t most = x_world.plan.most_callers;
        const std::uint64_t calls = x_world.chance(75) ? 1 : 2 + x_world.random.below(most - 1);
        for (std::uint64_t i = 0; i < calls && can_act(); ++i) {
            acquire(locks[x_world.random.below(locks.size())]);
        }
    } else if (dice < 166) {
        use_some_lease();
    } else if (dice < 176) {
        cancel_some();
    } else if (dice < 198) {
        request();
    } else if (x_world.chance(20)) {
        close(x_world.up_to(2s));
    }
}

// ---- locks --------------------------------------------------------------------------------------

LockOptions User::choose_options() {
    const Duration tick = x_world.plan.tick();
    const std::array<Duration, 5> waits{0ms, tick / 10, tick, 3 * tick, 6 * tick};
    const Duration limit =
        core::budget_limit(x_process.plan().settings.timing, x_world.plan.session_timeout);
    const Duration longest = x_world.chance(97) ? limit : 2 * limit;
    LockOptions options;
    options.wait = std::chrono::floor<milliseconds>(waits[x_world.random.below(waits.size())]);
    options.budget = std::chrono::floor<milliseconds>(
        20ms + x_world.up_to(x_world.chance(70) ? longest / 4 : longest));
    options.on_budget = x_world.chance(30) ? OnBudget::hold_until_return : OnBudget::release;
    options.max_hold = x_world.chance(50) ? 0ms : options.budget + options.budget / 2;
    options.max_queue = x_world.chance(10) ? 1 : 0;
    options.check_first = x_world.chance(15);
    options.max_local_grants = x_world.plan.max_local_grants;
    options.accept_shortened = x_world.chance(85);
    options.watch_own_node = x_world.chance(15);
    if (x_world.chance(x_world.plan.delayed_percent)) {
        options.lock_delay = x_world.plan.lock_delay;
    }
    // All contenders are ours, and see each other under all names.
    options.naming = x_world.chance(90) ? x_process.plan().naming
                                        : all_namings[x_world.random.below(all_namings.size())];
    return options;
}

/// In any order: no two users need to agree on one. Semaphores are no part of sets.
std::vector<std::string> User::choose_more_paths(const std::string& path) {
    std::vector<std::string> more;
    const Plan& plan = x_world.plan;
    if (!x_world.chance(plan.sets_percent) || plan.permits_of(path) != 0) {
        return more;
    }
    for (const std::string& other : plan.locks) {
        if (other != path && plan.permits_of(other) == 0 && (more.empty() || x_world.chance(60))) {
            more.insert(x_world.chance(50) ? more.begin() : more.end(), other);
        }
    }
    return more;
}

void User::acquire(const std::string& path) {
    LockOptions options = choose_options();
    const int permits = x_world.plan.permits_of(path);
    const std::vector<std::string> more = choose_more_paths(path);
    if (permits != 0) {
        options.lock_delay = 0ms;
    }
    LockKind kind = !more.empty()                                 ? LockKind::exclusive
                    : permits != 0                                ? LockKind::permit
                    : x_world.chance(x_world.plan.shared_percent) ? LockKind::shared
                                                                  : LockKind::exclusive;
    if (kind == LockKind::shared && x_world.chance(x_world.plan.upgradable_percent)) {
        kind = LockKind::upgradable;
    }
    const bool is_candidate = kind == LockKind::exclusive && more.empty() &&
                              x_world.chance(x_world.plan.candidates_percent);
    if (kind == LockKind::exclusive && more.empty() && !is_candidate &&
        x_world.chance(x_world.plan.kept_percent)) {
        options.keep_idle =
            std::chrono::floor<milliseconds>(x_world.up_to(8 * x_world.plan.tick()));
    }
    const Duration patience = x_process.plan().settings.timing.ack_gap;
    const Duration wait = options.wait > 0ms ? Duration{options.wait} : patience;
    const OperationId id = x_process.next_id();
    x_world.note([&] {
        return name(id) +
               (is_candidate                   ? " stands for "
                : kind == LockKind::shared     ? " asks to share "
                : kind == LockKind::upgradable ? " asks for an upgradable share of "
                                               : " asks for ") +
               path + (more.empty() ? "" : " and " + std::to_string(more.size()) + " more") +
               (permits != 0 ? ", a permit of " + std::to_string(permits) : "") + ", wait " +
               ms_text(options.wait) + ", budget " + ms_text(options.budget) +
               (options.on_budget == OnBudget::hold_until_return ? ", holds for calls" : "") +
               (options.lock_delay > 0ms ? ", lock delay " + ms_text(options.lock_delay) : "") +
               (options.keep_idle > 0ms ? ", kept for " + ms_text(options.keep_idle) : "");
    });
    x_world.observer.on_asked(
        x_world.now, x_process.number(), id,
        {.path = path,
         .more_paths = more,
         .max_hold = options.max_hold == 0ms ? 2 * options.budget : options.max_hold,
         .holds_for_calls = options.on_budget == OnBudget::hold_until_return,
         .is_shared = kind != LockKind::exclusive,
         .is_upgradable = kind == LockKind::upgradable,
         .looks_first = options.check_first || (!more.empty() && options.wait == 0ms),
         .watches_itself = options.watch_own_node,
         .rolls = is_candidate,
         .lock_delay = options.lock_delay,
         .keep_idle = options.keep_idle},
        wait);
    x_process.turn([&](core::Engine& engine, Instant now) {
        const core::Recipe recipe{.kind = kind, .permits = std::max(permits, 1)};
        engine.acquire(
            now, id,
            std::make_shared<const core::AcquireSpec>(core::AcquireSpec{
                path, recipe, options, open_to_all(), record_of(options), is_candidate, more}));
    });
    schedule_afterthought(id, wait);
}

/// Cancels and releases at any instant, in the middle of whatever is under way.
void User::schedule_afterthought(OperationId id, Duration wait) {
    const std::uint64_t dice = x_world.random.below(100);
    if (dice >= 65) {
        return;
    }
    const Duration delay = x_world.chance(50) ? x_world.up_to(8ms) : x_world.up_to(wait);
    x_world.after(delay, [this, id, is_cancel = dice < 12] {
        if (!can_act()) {
            return;
        }
        if (is_cancel) {
            cancel(id);
        } else {
            release(id);
        }
    });
}

void User::cancel(OperationId id) {
    if (!x_world.observer.asked(x_process.number()).contains(id)) {
        return;
    }
    x_world.strike(Fault::cancel);
    x_world.note([&] { return name(id) + " is cancelled"; });
    x_process.turn([&](core::Engine& engine, Instant now) { engine.cancel_acquire(now, id); });
    x_world.observer.on_cancelled(x_world.now, x_process.number(), id);
}

void User::cancel_some() {
    const auto& asked = x_world.observer.asked(x_process.number());
    if (!asked.empty()) {
        cancel(pick(asked, x_world.random.next())->first);
    }
}

void User::release(OperationId lease) {
    auto& held = x_world.observer.held(x_process.number());
    const auto found = held.find(lease);
    if (found == held.end() || (found->second.ends != 0 && !found->second.is_calling)) {
        return;
    }
    x_world.note([&] { return name(lease) + " is released"; });
    x_world.observer.on_released(x_world.now, x_process.number(), lease);
    x_process.turn([&](core::Engine& engine, Instant now) { engine.release(now, lease); });
}

void User::extend(OperationId lease) {
    const OperationId id = x_process.next_id();
    const Duration limit =
        core::budget_limit(x_process.plan().settings.timing, x_world.plan.session_timeout);
    const Duration budget = 1ms + x_world.up_to(limit);
    x_world.note([&] { return name(lease) + " is extended by " + ms_text(budget); });
    x_process.turn(
        [&](core::Engine& engine, Instant now) { engine.extend(now, id, lease, budget); });
}

void User::downgrade(OperationId lease) {
    const OperationId id = x_process.next_id();
    x_world.note([&] { return name(lease) + " is downgraded by " + name(id); });
    x_world.observer.on_downgrade_asked(x_world.now, x_process.number(), id, lease);
    x_process.turn([&](core::Engine& engine, Instant now) { engine.downgrade(now, id, lease); });
}

void User::upgrade(OperationId lease) {
    const OperationId id = x_process.next_id();
    const Duration wait = x_world.chance(20) ? 0ms : x_world.up_to(4 * x_world.plan.tick());
    const auto whole = std::chrono::ceil<milliseconds>(wait);
    x_world.note(
        [&] { return name(lease) + " is upgraded by " + name(id) + ", wait " + ms_text(whole); });
    const Duration patience = x_process.plan().settings.timing.ack_gap;
    x_world.observer.on_upgrade_asked(x_world.now, x_process.number(), id, lease,
                                      whole > 0ms ? Duration{whole} : patience);
    x_process.turn(
        [&](core::Engine& engine, Instant now) { engine.upgrade(now, id, lease, whole); });
    if (x_world.chance(10)) {
        x_world.after(x_world.up_to(wait), [this, id] {
            if (can_act()) {
                x_process.turn(
                    [&](core::Engine& engine, Instant now) { engine.cancel_acquire(now, id); });
            }
        });
    }
}

void User::begin_call(Observer::Holding& holding) {
    if (holding.ends == 0 && !holding.is_calling) {
        x_world.note([&] { return name(holding.id) + " begins a call"; });
        holding.is_calling = true;
        ++holding.lease->active_calls;
    }
}

void User::end_call(Observer::Holding& holding) {
    x_world.note([&] { return "the call of " + name(holding.id) + " returns"; });
    holding.is_calling = false;
    --holding.lease->active_calls;
    const OperationId lease = holding.id;
    x_world.observer.on_call_returned(x_world.now, x_process.number(), lease);
    x_process.turn([&](core::Engine& engine, Instant now) { engine.call_returned(now, lease); });
}

void User::use_some_lease() {
    auto& held = x_world.observer.held(x_process.number());
    if (held.empty()) {
        return;
    }
    Observer::Holding& holding = pick(held, x_world.random.next())->second;
    if (holding.is_calling) {
        return end_call(holding);
    }
    if (holding.is_upgradable && x_world.chance(50)) {
        return holding.is_shared ? upgrade(holding.id) : downgrade(holding.id);
    }
    switch (x_world.random.below(9)) {
        case 0:
        case 1:
            // A leader has no budget that could be extended.
            return holding.rolls ? release(holding.id) : extend(holding.id);
        case 2: return begin_call(holding);
        case 7:
        case 8: return downgrade(holding.id);
        case 3:
            // A user who asks latches the word if the deadline has passed.
            static_cast<void>(holding.lease->word.valid([&] { return x_process.local(); }));
            return;
        case 4:
            if (x_world.chance(60)) {
                return start_rush(holding);
            }
            [[fallthrough]];
        default: return release(holding.id);
    }
}

// ---- all at once --------------------------------------------------------------------------------

/// Many ask while one lets go: what one of them reads may be gone when the next one looks.
void User::start_rush(const Observer::Holding& holding) {
    const std::string& path = x_world.plan.locks[holding.lock];
    x_world.note([&] { return "all want what " + name(holding.id) + " has"; });
    for (const auto& user : x_all) {
        if (user.get() != this && x_world.chance(60)) {
            user->join_rush(path);
        }
    }
    x_world.after(x_world.up_to(x_world.rush()), [this, id = holding.id] {
        if (can_act()) {
            release(id);
        }
    });
}

void User::join_rush(const std::string& path) {
    const std::uint64_t calls = 1 + x_world.random.below(3);
    for (std::uint64_t i = 0; i < calls; ++i) {
        x_world.after(x_world.up_to(x_world.rush()), [this, &path] {
            if (can_act()) {
                acquire(path);
            }
        });
    }
}

// ---- beside them --------------------------------------------------------------------------------

template <class Body>
void User::submit(const Body& body, std::optional<core::WatchKind> watch) {
    core::RawRequest request{.op = Body::op, .body = {}, .timeout = request_timeout};
    wire::Writer writer(request.body);
    encode(writer, body);
    const OperationId id = x_process.next_id();
    if constexpr (requires { body.path; }) {
        if (watch) {
            request.watch = {*watch, body.path};
            x_watches.push_back(id);
        }
    }
    x_world.observer.on_raw_asked(x_world.now, x_process.number(), id, request_timeout);
    x_process.turn(
        [&](core::Engine& engine, Instant now) { engine.submit(now, id, std::move(request)); });
}

void User::request() {
    const std::string path = "/data-" + std::to_string(x_world.random.below(3));
    const bool watches = x_world.plan.can_remove_watches && x_world.chance(50);
    const auto watched = [&](core::WatchKind kind) {
        return watches ? std::optional(kind) : std::nullopt;
    };
    switch (x_world.random.below(7)) {
        case 0:
        case 1: {
            wire::CreateRequest create;
            create.path = path;
            create.data = "data";
            create.acls = wire_open_to_all();
            return submit(create);
        }
        case 2: return submit(wire::SetDataRequest{.path = path, .data = "changed"});
        case 3:
            return submit(wire::GetDataRequest{.path = path, .watch = watches},
                          watched(core::WatchKind::data));
        case 4:
            return submit(wire::ExistsRequest{.path = path, .watch = watches},
                          watched(core::WatchKind::exist));
        case 5: {
            wire::MultiRequest multi;
            multi.ops.push_back({wire::CheckRequest{.path = path}});
            multi.ops.push_back({wire::SetDataRequest{.path = path, .data = "both"}});
            return submit(multi);
        }
        default: return submit(wire::RemoveRequest{.path = path});
    }
}

// ---- the end ------------------------------------------------------------------------------------

void User::wind_down() {
    if (!can_act()) {
        return;
    }
    std::vector<OperationId> waiting;
    for (const auto& [id, ask] : x_world.observer.asked(x_process.number())) {
        waiting.push_back(id);
    }
    for (const OperationId id : waiting) {
        cancel(id);
    }
    std::vector<OperationId> holding;
    for (const auto& [id, each] : x_world.observer.held(x_process.number())) {
        holding.push_back(id);
    }
    for (const OperationId id : holding) {
        auto& held = x_world.observer.held(x_process.number());
        if (held.contains(id) && held.at(id).is_calling) {
            end_call(held.at(id));
        }
        release(id);
    }
    for (const OperationId watch : x_watches) {  // again, if its answer has come only now
        x_process.turn([&](core::Engine& engine, Instant now) { engine.unwatch(now, watch); });
    }
}

void User::close(Duration within) {
    if (x_process.is_gone() || std::exchange(x_is_closing, true)) {
        return;
    }
    x_world.note([&] { return "client " + std::to_string(x_process.number()) + " closes"; });
    x_world.observer.on_closing(x_world.now, x_process.number(), within);
    x_process.disturb();
    x_process.turn([&](core::Engine& engine, Instant now) { engine.close(now, now + within); });
}

}  // namespace leasehold::sim
