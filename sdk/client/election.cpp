#include "sdk/client/election.hpp"

#include "sdk/client/contenders.hpp"
#include "sdk/client/fork.hpp"
#include "sdk/client/watch_state.hpp"
#include "sdk/wire/node.hpp"

#include <algorithm>
#include <utility>

namespace leasehold {

using detail::LeaderFollower;
using detail::LeaderInfo;
using detail::Operation;
using detail::Sink;

namespace detail {
namespace {

/// Each of these reads was overtaken by somebody who came or went within a round trip.
constexpr int most_rounds = 100;

bool is_same(const LeaderInfo& one, const LeaderInfo& other) {
    return one.has_value() == other.has_value() &&
           (!one || (one->node == other->node && one->payload == other->payload &&
                     one->owner == other->owner && one->host == other->host &&
                     one->pid == other->pid && one->trace_id == other->trace_id));
}

/// The next connection or session mends it.
bool is_passing(const Error& error) {
    return error == errc::connection_lost || error == errc::session_expired ||
           error == errc::timed_out || error == errc::no_server;
}

Operation<LeaderInfo> next_operation(const std::shared_ptr<LeaderFollower>& follower) {
    return {[follower](core::OperationId id, Sink<LeaderInfo> sink) {
                follower->begin_next(id, std::move(sink));
            },
            [weak = std::weak_ptr(follower)](core::OperationId id) {
                if (const auto live = weak.lock()) {
                    live->cancel_next(id);
                }
            }};
}

}  // namespace

LeaderFollower::LeaderFollower(std::shared_ptr<ClientImpl> impl, std::string path,
                               std::string full_path, bool watches)
    : x_impl(std::move(impl)),
      x_path(std::move(path)),
      x_full_path(std::move(full_path)),
      x_watches(watches) {}

result<LeaderObserver> LeaderFollower::make_observer(const std::shared_ptr<ClientImpl>& impl,
                                                     std::string_view path) {
    BOOST_OUTCOME_TRY(auto full, queue_path(*impl, path));
    return LeaderObserver(
        std::make_shared<LeaderFollower>(impl, std::string(path), std::move(full), true));
}

void LeaderFollower::begin_next(core::OperationId id, Sink<LeaderInfo> sink) {
    x_impl->loop().post_operation(
        [self = shared_from_this(), id, sink = std::move(sink)](Turn& turn) mutable {
            if (turn.engine == nullptr) {
                return sink(Error(turn.refusal).at(self->x_path));
            }
            if (self->x_sink) {
                return sink(
                    Error(errc::overloaded, "another call of next is under way").at(self->x_path));
            }
            self->x_caller = id;
            self->x_sink = std::move(sink);
            self->go_on();
        });
}

void LeaderFollower::cancel_next(core::OperationId id) {
    x_impl->loop().post_control([self = shared_from_this(), id](Turn&) {
        if (self->x_caller == id) {
            self->answer(errc::cancelled);
        }
    });
}

void LeaderFollower::stop() {
    x_impl->post_farewell([self = shared_from_this()](Turn&) {
        self->answer(errc::cancelled);
        self->x_watch.reset();
    });
}

void LeaderFollower::stop(const LeaderObserver& observer) {
    if (const auto& follower = observer.x_follower; follower && !follower->impl()->is_forked()) {
        follower->stop();
    }
}

void LeaderFollower::answer(result<LeaderInfo> answer) {
    if (!x_sink) {
        return;
    }
    Sink<LeaderInfo> sink = std::exchange(x_sink, {});
    answer ? sink(std::move(answer)) : sink(std::move(answer).error().at(x_path));
}

/// Does what has to be done next for the one who waits.
void LeaderFollower::go_on() {
    if (!x_sink || x_is_busy) {
        return;
    }
    if (!x_watch) {
        return look();
    }
    if (!x_told || !is_same(*x_told, *x_seen)) {
        x_told = x_seen;
        return answer(*x_told);
    }
    await_event();
}

// ---- reading ------------------------------------------------------------------------------------

template <class Request, class Use>
void LeaderFollower::read(core::WatchKind kind, Request request, bool watches, Use use) {
    x_is_busy = true;
    request.watch = watches;
    core::RawRequest raw{
        .op = Request::op, .body = {}, .timeout = core::saturate(x_impl->session_timeout())};
    wire::Writer writer(raw.body);
    wire::encode(writer, request);
    auto on_reply = [self = shared_from_this(), use](const result<core::Reply>& reply,
                                                     std::optional<Armed> watch) {
        self->x_is_busy = false;
        use(*self, reply, std::move(watch));
    };
    if (!watches) {
        return x_impl->begin_request(
            x_impl->next_id(), std::move(raw),
            [on_reply](Turn&, const result<core::Reply>& reply) { on_reply(reply, std::nullopt); });
    }
    raw.watch = {kind, request.path};
    x_impl->begin_watched_request(
        x_impl->next_id(), std::move(raw),
        [on_reply](const result<core::Reply>& reply, const std::shared_ptr<WatchState>& state) {
            // Whoever does not keep the handle takes the watch off again.
            std::optional<Armed> watch;
            if (state) {
                watch.emplace(Armed{state, WatchState::make_handle(state)});
            }
            on_reply(reply, std::move(watch));
        });
}

void LeaderFollower::look() {
    read(core::WatchKind::child, wire::GetChildrenRequest{x_full_path, false}, false,
         [](LeaderFollower& self, const result<core::Reply>& reply, std::optional<Armed>) {
             if (!reply) {
                 return reply.error() == zk_errc::no_node ? self.read_no_path()
                                                          : self.on_failure(reply.error());
             }
             const auto list = wire::decode<wire::GetChildrenReply>(reply->body);
             if (!list) {
                 return self.on_failure(errc::protocol_error);
             }
             const core::Listing candidates = core::read_listing(list.assume_value().children);
             candidates.queue.empty() ? self.read_no_candidates()
                                      : self.read_head(contender_info(candidates.queue.front()));
         });
}

void LeaderFollower::look_again() {
    if (++x_rounds > most_rounds) {
        x_rounds = 0;
        return answer(Error(errc::timed_out, "the candidates change faster than they can be read"));
    }
    x_sink ? look() : void();
}

void LeaderFollower::read_head(const ContenderInfo& head) {
    read(
        core::WatchKind::data, wire::GetDataRequest{x_full_path + "/" + head.node, false},
        x_watches,
        [head](LeaderFollower& self, const result<core::Reply>& reply, std::optional<Armed> watch) {
            if (!reply) {
                return reply.error() == zk_errc::no_node ? self.look_again()
                                                         : self.on_failure(reply.error());
            }
            const auto node = wire::decode<wire::GetDataReply>(reply->body);
            if (!node) {
                return self.on_failure(errc::protocol_error);
            }
            ContenderInfo info = head;
            describe(info, node.assume_value());
            info.is_held = true;
            self.on_seen(std::move(info), std::move(watch));
        });
}

/// The path exists: its list is watched.
void LeaderFollower::read_no_candidates() {
    if (!x_watches) {
        return on_seen(std::nullopt, std::nullopt);
    }
    read(core::WatchKind::child, wire::GetChildrenRequest{x_full_path, false}, true,
         [](LeaderFollower& self, const result<core::Reply>& reply, std::optional<Armed> watch) {
             if (!reply) {
                 return reply.error() == zk_errc::no_node ? self.look_again()
                                                          : self.on_failure(reply.error());
             }
             const auto list = wire::decode<wire::GetChildrenReply>(reply->body);
             if (!list) {
                 return self.on_failure(errc::protocol_error);
             }
             core::read_listing(list.assume_value().children).queue.empty()
                 ? self.on_seen(std::nullopt, std::move(watch))
                 : self.look_again();
         });
}

/// There is no path yet: its coming is watched.
void LeaderFollower::read_no_path() {
    if (!x_watches) {
        return on_seen(std::nullopt, std::nullopt);
    }
    read(core::WatchKind::exist, wire::ExistsRequest{x_full_path, false}, true,
         [](LeaderFollower& self, const result<core::Reply>& reply, std::optional<Armed> watch) {
             if (reply) {
                 return self.look_again();  // it has come meanwhile
             }
             reply.error() == zk_errc::no_node ? self.on_seen(std::nullopt, std::move(watch))
                                               : self.on_failure(reply.error());
         });
}

void LeaderFollower::on_seen(LeaderInfo leader, std::optional<Armed> watch) {
    x_rounds = 0;
    x_seen = std::move(leader);
    x_watch = std::move(watch);
    if (!x_watches) {
        return answer(*x_seen);
    }
    go_on();
}

void LeaderFollower::on_failure(const Error& error) {
    if (x_watches && x_sink && is_passing(error)) {
        return look();
    }
    answer(error);
}

// ---- waiting ------------------------------------------------------------------------------------

void LeaderFollower::await_event() {
    x_is_busy = true;
    const auto state = x_watch->state;
    state->wait(x_impl->next_id(), [self = shared_from_this()](const result<WatchEvent>& event) {
        self->x_is_busy = false;
        self->on_event(event);
    });
}

void LeaderFollower::on_event(const result<WatchEvent>& event) {
    x_watch.reset();
    if (!event && !is_passing(event.error())) {
        return answer(event.error());
    }
    go_on();
}

Operation<LeaderInfo> leader_operation(const std::shared_ptr<ClientImpl>& impl,
                                       std::string_view path) {
    auto full = queue_path(*impl, path);
    if (!full) {
        return failed_operation<LeaderInfo>(std::move(full).error());
    }
    return next_operation(
        std::make_shared<LeaderFollower>(impl, std::string(path), *std::move(full), false));
}

}  // namespace detail

// ---- the handle ---------------------------------------------------------------------------------

LeaderObserver::LeaderObserver(std::shared_ptr<LeaderFollower> follower) noexcept
    : x_follower(std::move(follower)) {}

LeaderObserver::LeaderObserver(LeaderObserver&&) noexcept = default;

LeaderObserver& LeaderObserver::operator=(LeaderObserver&& other) noexcept {
    if (this != &other) {
        drop();
        x_follower = std::move(other.x_follower);
    }
    return *this;
}

LeaderObserver::~LeaderObserver() {
    drop();
}

void LeaderObserver::drop() noexcept {
    const auto follower = std::move(x_follower);
    if (!follower) {
        return;
    }
    if (follower->impl()->is_forked()) {
        return detail::abandon(follower);
    }
    follower->stop();
}

result<std::optional<ContenderInfo>> LeaderObserver::next(milliseconds timeout) {
    const auto impl = x_follower ? x_follower->impl() : nullptr;
    BOOST_OUTCOME_TRYV(detail::check_usable(impl));
    BOOST_OUTCOME_TRYV(impl->check_not_inside());
    const auto operation = detail::next_operation(x_follower);
    const auto waiter = std::make_shared<detail::Waiter<LeaderInfo>>();
    const core::OperationId id = impl->next_id();
    operation.begin(id, waiter->sink());
    if (auto answer = waiter->wait_until(detail::steady_deadline(timeout))) {
        return std::move(*answer);
    }
    // What was told counts as told: an answer that comes in the same moment has to reach somebody.
    operation.cancel(id);
    auto last = waiter->wait();
    if (!last && last.error() == errc::cancelled) {
        return Error(errc::timed_out, "the leader is the same, or not known yet")
            .at(last.error().context().path);
    }
    return last;
}

detail::Start<std::optional<ContenderInfo>> LeaderObserver::prepare_next() const {
    auto impl = x_follower ? x_follower->impl() : nullptr;
    return detail::asynchronous(
        impl, impl ? detail::next_operation(x_follower) : Operation<LeaderInfo>{});
}

}  // namespace leasehold
