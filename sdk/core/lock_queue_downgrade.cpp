// A holder that was alone and lets those in who share, without letting anybody in between who does
// not: its node stays where it is, and its record says so.
#include "sdk/core/lock_queue.hpp"

namespace leasehold::core {

/// The lease is shared, and without a token, before anybody else can know. A set stays as it is:
/// its nodes would have to be marked one after another.
void LockQueue::downgrade(Instant now, OperationId id, OperationId lease) {
    x_now = now;
    const auto refuse_downgrade = [&](errc code, const char* what) {
        x_context.effects.emplace_back(DowngradeDone{id, Error{code, what}});
    };
    if (x_holder != lease || !x_context.leases.is_live(lease)) {
        return refuse_downgrade(errc::lock_lost, "the lease has ended");
    }
    if (x_spec->recipe.kind != LockKind::exclusive || x_spec->is_rolling || x_members.size() > 1) {
        return refuse_downgrade(errc::invalid_argument,
                                "only an exclusive lock on one path can be downgraded");
    }
    if (!x_context.leases.share(lease, id)) {
        return refuse_downgrade(errc::overloaded, "too many wait for the same downgrade");
    }
    if (x_share == Share::shown) {
        return x_context.leases.on_shared(lease, success());
    }
    const bool is_being_shown = x_share == Share::asked && x_is_record_due;
    x_share = Share::asked;
    if (!is_being_shown) {
        x_is_record_due = true;
        show_record();
    }
}

/// A lost reply does not come here: the record is written again on the next connection.
void LockQueue::on_share_shown(const Response& response) {
    if (response.ok()) {
        x_share = Share::shown;
        return x_context.leases.on_shared(*x_holder, success());
    }
    if (response.err == wire::ServerError::no_node) {
        return x_members.front().contender->on_deleted(contender().name());  // which ends the lease
    }
    std::error_code code = response.failure;
    if (!code) {
        code = response.err == wire::ServerError::no_auth
                   ? make_error_code(errc::not_permitted)
                   : make_error_code(static_cast<zk_errc>(response.err));
    }
    x_context.leases.on_shared(
        *x_holder, Error{code, {.what = "others could not be told that the lock is shared"}});
}

}  // namespace leasehold::core
