// Who may wait at all: what is refused because of those ahead, before the wait has begun.
#include "sdk/core/lock_queue.hpp"
#include "sdk/core/share_mark.hpp"
#include "sdk/core/text.hpp"
#include "sdk/wire/node.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace leasehold::core {

namespace {

/// Whoever has this many mixed paths has read the warning.
constexpr std::size_t most_warnings = 1000;

}  // namespace

/// A read before any write. For an exclusive lock the number of children says enough, though it
/// also counts what is no contender; the option says so. Who shares has to know their kinds.
void LockQueue::check_first(Instant now) {
    x_is_checking = true;
    const auto check = [&](const auto& request, auto count) {
        x_context.session.send(
            now, request, [weak = weak_from_this(), count](Instant when, const Response& response) {
                if (const auto self = weak.lock()) {
                    self->on_checked(when, response, response.ok() ? count(response) : Ahead{});
                }
            });
    };
    const Recipe recipe = x_waiters.front().spec.recipe;
    if (recipe.kind == LockKind::exclusive) {
        wire::ExistsRequest request;
        request.path = x_path;
        return check(request, [](const Response& response) {
            const auto reply = wire::decode<wire::ExistsReply>(response.body);
            const int children = reply ? std::max(0, reply.value().stat.num_children) : 0;
            // Their kinds are not known: they may all hold at the same time.
            return Ahead{static_cast<std::size_t>(children), children > 0 ? 1u : 0u, {}};
        });
    }
    wire::GetChildrenRequest request;
    request.path = x_path;
    check(request, [recipe](const Response& response) {
        const auto reply = wire::decode<wire::GetChildrenReply>(response.body);
        const Listing listing =
            read_listing(reply ? reply.value().children : std::vector<std::string>{});
        std::vector<Contestant> ahead;
        std::copy_if(listing.queue.begin(), listing.queue.end(), std::back_inserter(ahead),
                     [&](const Contestant& each) { return recipe.counts(each.name); });
        Ahead result{recipe.excess(ahead.size()), recipe.turns(ahead), {}};
        if (recipe.kind == LockKind::shared && ahead.size() == 1 &&
            may_say_shared(ahead.front().name)) {
            result.may_share = ahead.front().name;
        }
        return result;
    });
}

/// The only one ahead is exclusive by its name, but may have become one who shares.
void LockQueue::check_whether_shared(Instant now, const std::string& name) {
    x_is_checking = true;
    wire::GetDataRequest request;
    request.path = full(name);
    x_context.session.send(
        now, request, [weak = weak_from_this(), name](Instant when, const Response& response) {
            const auto self = weak.lock();
            if (!self) {
                return;
            }
            const auto reply = response.ok() ? wire::decode<wire::GetDataReply>(response.body)
                                             : wire::GetDataReply{};
            const bool is_in_the_way =
                response.ok() &&
                !(reply && says_shared(name, reply.value().data.value_or(std::string{})));
            self->on_checked(when, response, is_in_the_way ? Ahead{1, 1, {}} : Ahead{});
        });
}

void LockQueue::on_checked(Instant now, const Response& response, Ahead ahead) {
    x_is_checking = false;
    if (response.failure) {
        return;  // asked again after the re-attach
    }
    if (!ahead.may_share.empty()) {
        return check_whether_shared(now, ahead.may_share);
    }
    x_was_checked = true;
    if (!x_waiters.empty()) {
        if (auto refusal = why_not_admit(now, x_waiters.front(), ahead)) {
            x_was_checked = false;
            return refuse(now, x_waiters.front().id, std::move(*refusal));
        }
    }
    advance(now);
}

LockQueue::Ahead LockQueue::ahead_of_us(std::size_t local) const {
    return x_contender ? Ahead{local + x_contender->blockers(), local + x_contender->turns(), {}}
                       : Ahead{local, local, {}};
}

std::optional<Refusal> LockQueue::why_not_admit(Instant now, const Waiter& waiter,
                                                Ahead ahead) const {
    const LockOptions& options = waiter.spec.options;
    if (ahead.contenders == 0) {
        return std::nullopt;
    }
    if (waiter.is_try) {
        return describe(now, waiter, errc::wait_expired, "the lock is not free");
    }
    if (options.max_queue > 0 && ahead.contenders > static_cast<std::size_t>(options.max_queue)) {
        return describe(
            now, waiter, errc::queue_full,
            std::to_string(ahead.contenders) + " contenders are ahead, more than max_queue");
    }
    // Half of the estimate has to fit: an average says little about the next few holds.
    const HoldPace pace = x_context.paces.of(x_path);
    const auto needed = pace.estimate(ahead.turns);
    if (options.refuse_hopeless && needed && *needed / 2 > waiter.give_up - now) {
        return describe(now, waiter, errc::hopeless_wait,
                        std::to_string(ahead.turns) + " holds of " + format_duration(pace.average) +
                            " each are ahead, longer than the wait");
    }
    return std::nullopt;
}

/// What the list says of those ahead decides, once, who of us need not wait at all.
void LockQueue::admit(Instant now) {
    if (std::exchange(x_is_admitted, true)) {
        return;
    }
    const Listing& listing = x_contender->listing();
    x_context.counters.foreign_children += listing.foreign;
    if (listing.has_kazoo && x_spec->options.naming != Naming::kazoo &&
        x_context.warned_paths.size() < most_warnings &&
        x_context.warned_paths.insert(x_path).second) {
        x_context.effects.emplace_back(
            Log{LogLevel::warning,
                "kazoo_contender",
                {{"path", escape(x_path)},
                 {"remedy",
                  "set naming = kazoo here, or extra_lock_patterns=[\"lock-\"] there: "
                  "kazoo's plain Lock does not see our contenders"}}});
    }
    const Recipe& recipe = x_spec->recipe;
    if (const auto reason =
            why_not_mix(x_spec->options.naming, recipe.kind, listing, recipe.permits)) {
        abandon(now);
        return refuse_all(now, errc::mixed_queue, std::string(*reason));
    }
    for (std::size_t stay = 0; stay < x_waiters.size();) {
        if (auto refusal = why_not_admit(now, x_waiters[stay], ahead_of_us(stay))) {
            turn_away(now, x_waiters[stay].id, std::move(*refusal), true);
        } else {
            ++stay;
        }
    }
}

}  // namespace leasehold::core
