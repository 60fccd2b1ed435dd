// Locks that change their kind while they are held: on their way into the engine, and what it
// answers.
#include "sdk/client/client_impl.hpp"
#include "sdk/client/lock_request.hpp"

#include <utility>

namespace leasehold::detail {
namespace {

/// Takes an entry out of a registry; the default of its type if there is none.
template <class Map>
auto take(Map& map, const typename Map::key_type& key) {
    auto node = map.extract(key);
    return node ? std::move(node.mapped()) : typename Map::mapped_type{};
}

/// Why the lock cannot be converted at all, if so.
result<void> check_alive(const Turn& turn, const Hold& hold) {
    if (turn.engine == nullptr) {
        return Error(turn.refusal).at(hold.path());
    }
    return hold.verdict();
}

}  // namespace

void ClientImpl::begin_downgrade(core::OperationId id, std::shared_ptr<Hold> hold,
                                 Sink<void> sink) {
    x_loop.post_operation(
        [this, id, hold = std::move(hold), sink = std::move(sink)](Turn& turn) mutable {
            if (auto alive = check_alive(turn, *hold); !alive) {
                return sink(std::move(alive));
            }
            const core::OperationId lease = hold->id();
            x_downgrades.emplace(id, Conversion{std::move(sink), std::move(hold)});
            turn.engine->downgrade(turn.now, id, lease);
        });
}

void ClientImpl::cancel_downgrade(core::OperationId id) {
    x_loop.post_control([this, id](Turn&) {
        if (Conversion conversion = take(x_downgrades, id); conversion.sink) {
            conversion.sink(Error(errc::cancelled).at(conversion.hold->path()));
        }
    });
}

void ClientImpl::on(Turn&, core::DowngradeDone&& done) {
    Conversion conversion = take(x_downgrades, done.id);
    if (!conversion.sink) {
        return;
    }
    if (done.outcome) {
        conversion.sink(success());
    } else {
        conversion.sink(std::move(done.outcome).error().at(conversion.hold->path()));
    }
}

void ClientImpl::begin_upgrade(core::OperationId id, std::shared_ptr<Hold> hold, milliseconds wait,
                               Sink<void> sink) {
    x_loop.post_operation(
        [this, id, hold = std::move(hold), wait, sink = std::move(sink)](Turn& turn) mutable {
            if (auto alive = check_alive(turn, *hold); !alive) {
                return sink(std::move(alive));
            }
            const core::OperationId lease = hold->id();
            x_upgrades.emplace(id, Conversion{std::move(sink), std::move(hold)});
            turn.engine->upgrade(turn.now, id, lease, wait);
        });
}

/// The entry stays until the engine has answered, which it does now unless it has just succeeded.
void ClientImpl::cancel_upgrade(core::OperationId id) {
    x_loop.post_control([this, id](Turn& turn) {
        const auto found = x_upgrades.find(id);
        if (turn.engine == nullptr || found == x_upgrades.end()) {
            return;
        }
        Sink<void> sink = std::exchange(found->second.sink, {});
        const std::string path = found->second.hold->path();
        turn.engine->cancel_acquire(turn.now, id);
        if (sink) {
            sink(Error(errc::cancelled).at(path));
        }
    });
}

void ClientImpl::on(Turn& turn, core::UpgradeDone&& done) {
    Conversion conversion = take(x_upgrades, done.id);
    if (!conversion.hold) {
        return;
    }
    if (!conversion.sink) {
        if (!done.refusal) {  // cancelled in the same moment
            turn.engine->downgrade(turn.now, next_id(), conversion.hold->id());
        }
    } else if (done.refusal) {
        conversion.sink(to_error(*std::move(done.refusal), conversion.hold->path()));
    } else {
        conversion.sink(success());
    }
}

}  // namespace leasehold::detail
