// Who may wait at all: what is refused because of those ahead, before the wait has begun.
#include "sdk/core/lock_queue.hpp"
#include "sdk/core/record_marks.hpp"
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

/// A try on a set that is not free would stand in the way on many paths, and for nothing.
bool LockQueue::has_to_look() const {
    const Waiter& waiter = x_waiters.front();
    return waiter.spec->options.check_first || (waiter.is_try && x_members.size() > 1);
}

/// A read before any write, of all paths at once.
void LockQueue::check_first(Instant now) {
    x_is_checking = true;
    const auto look = std::make_shared<Look>();
    look->ahead.resize(x_members.size());
    look->left = x_members.size();
    for (std::size_t i = 0; i < x_members.size(); ++i) {
        check_member(now, i, look);
    }
}

/// For an exclusive lock the number of children says enough, though it also counts what is no
/// contender; the option says so. Who shares has to know their kinds.
void LockQueue::check_member(Instant now, std::size_t index, const std::shared_ptr<Look>& look) {
    const auto check = [&](auto request, auto count) {
        request.path = x_members[index].path;
        x_context.session.send(
            now, request,
            [weak = weak_from_this(), index, look, count](Instant when, const Response& response) {
                if (response.ok()) {
                    look->ahead[index] = count(response);
                }
                look->was_lost |= static_cast<bool>(response.failure);
                const auto self = weak.lock();
                if (--look->left == 0 && self) {
                    self->on_checked(when, *look);
                }
            });
    };
    const Recipe recipe = x_waiters.front().spec->recipe;
    if (recipe.kind == LockKind::exclusive) {
        return check(wire::ExistsRequest{}, [](const Response& response) {
            const auto reply = wire::decode<wire::ExistsReply>(response.body);
            const int children = reply ? std::max(0, reply.value().stat.num_children) : 0;
            // Their kinds are not known: they may all hold at the same time.
            return Ahead{static_cast<std::size_t>(children), children > 0 ? 1u : 0u, {}};
        });
    }
    check(wire::GetChildrenRequest{}, [recipe](const Response& response) {
        wire::ChildrenView reply;
        const bool is_good = !wire::decode_into(reply, response.body);
        const Listing listing = is_good ? read_listing(reply.children) : Listing{};
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

/// The only one ahead is exclusive by its name, but may have become one who shares. Whoever shares
/// stands on one path.
void LockQueue::check_whether_shared(Instant now, const std::string& name) {
    x_is_checking = true;
    wire::GetDataRequest request;
    request.path = x_members.front().full(name);
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
            self->on_checked(when, {.ahead = {is_in_the_way ? Ahead{1, 1, {}} : Ahead{}},
                                    .was_lost = static_cast<bool>(response.failure)});
        });
}

void LockQueue::on_checked(Instant now, const Look& look) {
    x_is_checking = false;
    if (look.was_lost) {
        return;  // asked again after the re-attach
    }
    if (const std::string& name = look.ahead.front().may_share; !name.empty()) {
        return check_whether_shared(now, name);
    }
    x_was_checked = true;
    if (!x_waiters.empty()) {
        if (auto refusal = why_not_admit(now, x_waiters.front(), look.ahead)) {
            x_was_checked = false;
            return refuse(now, x_waiters.front().id, std::move(*refusal));
        }
    }
    advance(now);
}

LockQueue::AheadOfMembers LockQueue::ahead_of_us(std::size_t local) const {
    AheadOfMembers ahead;
    for (const Member& member : x_members) {
        const auto& contender = member.contender;
        ahead.push_back(contender
                            ? Ahead{local + contender->blockers(), local + contender->turns(), {}}
                            : Ahead{local, local, {}});
    }
    return ahead;
}

std::optional<Refusal> LockQueue::why_not_admit(Instant now, const Waiter& waiter,
                                                const AheadOfMembers& ahead) const {
    for (std::size_t i = 0; i < x_members.size(); ++i) {
        if (auto refusal = why_not_admit(now, waiter, x_members[i], ahead[i])) {
            return refusal;
        }
    }
    return std::nullopt;
}

std::optional<Refusal> LockQueue::why_not_admit(Instant now, const Waiter& waiter,
                                                const Member& member, const Ahead& ahead) const {
    const LockOptions& options = waiter.spec->options;
    if (ahead.contenders == 0) {
        return std::nullopt;
    }
    if (waiter.is_try) {
        return describe(now, waiter, errc::wait_expired, "the lock is not free", &member);
    }
    if (options.max_queue > 0 && ahead.contenders > static_cast<std::size_t>(options.max_queue)) {
        return describe(
            now, waiter, errc::queue_full,
            std::to_string(ahead.contenders) + " contenders are ahead, more than max_queue",
            &member);
    }
    // Half of the estimate has to fit: an average says little about the next few holds.
    const HoldPace pace = x_context.paces.of(member.path);
    const auto needed = pace.estimate(ahead.turns);
    if (options.refuse_hopeless && needed && *needed / 2 > waiter.give_up - now) {
        return describe(now, waiter, errc::hopeless_wait,
                        std::to_string(ahead.turns) + " holds of " + format_duration(pace.average) +
                            " each are ahead, longer than the wait",
                        &member);
    }
    return std::nullopt;
}

/// Says why there must be no queue with those who are there, if so.
std::optional<std::string_view> LockQueue::look_at_others(const Member& member) {
    const Company& company = member.contender->company();
    x_context.counters.foreign_children += company.foreign;
    if (company.has_kazoo && x_spec->options.naming != Naming::kazoo &&
        x_context.warned_paths.size() < most_warnings &&
        x_context.warned_paths.insert(member.path).second) {
        x_context.effects.emplace_back(
            Log{LogLevel::warning,
                "kazoo_contender",
                {{"path", escape(member.path)},
                 {"remedy",
                  "set naming = kazoo here, or extra_lock_patterns=[\"lock-\"] there: "
                  "kazoo's plain Lock does not see our contenders"}}});
    }
    const Recipe& recipe = x_spec->recipe;
    return why_not_mix(x_spec->options.naming, recipe.kind, company, recipe.permits);
}

/// What the list says of those ahead decides, once, who of us need not wait at all.
void LockQueue::admit(Instant now) {
    if (std::exchange(x_is_admitted, true)) {
        return;
    }
    for (const Member& member : x_members) {
        if (const auto reason = look_at_others(member)) {
            abandon(now);
            return refuse_all_for(now, member, errc::mixed_queue, std::string(*reason));
        }
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
