#include "sdk/capi/answer.hpp"
#include "sdk/capi/handler.hpp"
#include "sdk/capi/objects.hpp"
#include "sdk/capi/operations.hpp"

#include <cstdint>
#include <limits>

namespace leasehold::capi {
namespace {

/// A lock whose terms may be changed.
result<std::shared_ptr<LockBox>> require_changeable(lh_lock* lock) {
    BOOST_OUTCOME_TRY(auto box, require<LockBox>(lock));
    if (box->is_leadership) {
        return Error(errc::invalid_argument, "leadership has no budget, and is exclusive")
            .at(box->lock.path());
    }
    return box;
}

}  // namespace
}  // namespace leasehold::capi

using namespace leasehold::capi;
using leasehold::Instant;
using leasehold::Loss;
using leasehold::milliseconds;
using leasehold::result;
using leasehold::success;

void lh_lock_free(lh_lock* lock) {
    answer(nullptr, [lock]() -> result<void> {
        const auto box = take<LockBox>(lock);
        // Who else is inside a call of it may stay there: the release does not wait.
        if (box && box.use_count() > 1) {
            box->lock.async_release([](const result<void>&) {});
        }
        return success();
    });
}

// ---- what it tells of itself ----

int lh_lock_valid(lh_lock* lock) {
    return ask<LockBox>(lock, 0, [](const LockBox& box) { return box.lock.valid(); });
}

int64_t lh_lock_deadline_ns(lh_lock* lock) {
    return ask<LockBox>(lock, std::numeric_limits<std::int64_t>::min(), [](const LockBox& box) {
        return box.lock.deadline().time_since_epoch().count();
    });
}

int64_t lh_lock_remaining_ns(lh_lock* lock) {
    return ask<LockBox>(lock, std::int64_t{0},
                        [](const LockBox& box) { return box.lock.remaining().count(); });
}

int64_t lh_lock_token(lh_lock* lock) {
    return ask<LockBox>(lock, std::int64_t{0}, [](const LockBox& box) { return box.lock.token(); });
}

int lh_lock_kind_of(lh_lock* lock) {
    return ask<LockBox>(lock, -1, [](const LockBox& box) { return box.lock.kind(); });
}

int lh_lock_is_shortened(lh_lock* lock) {
    return ask<LockBox>(lock, 0, [](const LockBox& box) { return box.lock.is_shortened(); });
}

int lh_lock_stop_requested(lh_lock* lock) {
    return ask<LockBox>(lock, 1,
                        [](const LockBox& box) { return box.lock.stop_token().stop_requested(); });
}

size_t lh_lock_count(lh_lock* lock) {
    return ask<LockBox>(lock, std::size_t{0},
                        [](const LockBox& box) { return box.lock.paths().size(); });
}

const char* lh_lock_path(lh_lock* lock, size_t index) {
    return ask<LockBox>(lock, static_cast<const char*>(nullptr), [index](const LockBox& box) {
        const auto paths = box.lock.paths();
        return index < paths.size() ? paths[index].c_str() : nullptr;
    });
}

const char* lh_lock_node(lh_lock* lock, size_t index) {
    return ask<LockBox>(lock, static_cast<const char*>(nullptr), [index](const LockBox& box) {
        const auto nodes = box.lock.nodes();
        return index < nodes.size() ? nodes[index].c_str() : nullptr;
    });
}

// ---- what is done with it ----

int lh_lock_again(lh_lock* lock, lh_lock** again, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(again, "again"));
        BOOST_OUTCOME_TRY(const auto box, require<LockBox>(lock));
        BOOST_OUTCOME_TRY(auto more, box->lock.again());
        return hand_out<LockBox>(again, std::move(more), box->is_leadership);
    });
}

int lh_lock_release(lh_lock* lock, int64_t timeout_ms, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require<LockBox>(lock));
        return box->lock.release(milliseconds(timeout_ms));
    });
}

int lh_lock_release_async(lh_lock* lock, lh_done_fn callback, void* user, lh_operation* operation,
                          lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require<LockBox>(lock));
        begin_plain(operation, callback, user,
                    [&](auto token) { box->lock.async_release(std::move(token)); });
        return success();
    });
}

int lh_lock_extend(lh_lock* lock, int64_t budget_ms, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require_changeable(lock));
        BOOST_OUTCOME_TRYV(box->lock.extend(milliseconds(budget_ms)));
        return success();
    });
}

int lh_lock_extend_async(lh_lock* lock, int64_t budget_ms, lh_done_fn callback, void* user,
                         lh_operation* operation, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require_changeable(lock));
        begin<Instant>(
            operation,
            [&](auto token) { box->lock.async_extend(milliseconds(budget_ms), std::move(token)); },
            [callback, user](const result<Instant>& deadline) {
                callback(user, deadline ? nullptr : make_error(deadline.error()));
            });
        return success();
    });
}

int lh_lock_downgrade(lh_lock* lock, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require_changeable(lock));
        return box->lock.downgrade();
    });
}

int lh_lock_downgrade_async(lh_lock* lock, lh_done_fn callback, void* user, lh_operation* operation,
                            lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require_changeable(lock));
        begin_plain(operation, callback, user,
                    [&](auto token) { box->lock.async_downgrade(std::move(token)); });
        return success();
    });
}

int lh_lock_upgrade(lh_lock* lock, int64_t wait_ms, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require_changeable(lock));
        return box->lock.upgrade({.wait = milliseconds(wait_ms)});
    });
}

int lh_lock_upgrade_async(lh_lock* lock, int64_t wait_ms, lh_done_fn callback, void* user,
                          lh_operation* operation, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require_changeable(lock));
        begin_plain(operation, callback, user, [&](auto token) {
            box->lock.async_upgrade({.wait = milliseconds(wait_ms)}, std::move(token));
        });
        return success();
    });
}

// ---- what it is told of ----

int lh_lock_lost_async(lh_lock* lock, void (*callback)(void* user, int loss, lh_error* error),
                       void* user, lh_operation* operation, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require<LockBox>(lock));
        begin<Loss>(
            operation, [&](auto token) { box->lock.lost(std::move(token)); },
            [callback, user](const result<Loss>& loss) {
                loss ? callback(user, static_cast<int>(*loss), nullptr)
                     : callback(user, -1, make_error(loss.error()));
            });
        return success();
    });
}

int lh_lock_on_jeopardy(lh_lock* lock, void (*handler)(void* user, int is_in_jeopardy), void* user,
                        lh_destroy_fn destroy, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        const auto shared = make_handler(handler, user, destroy);
        BOOST_OUTCOME_TRY(const auto box, require<LockBox>(lock));
        box->lock.on_jeopardy(as_function<bool>(shared));
        return success();
    });
}

int lh_lock_on_requested(lh_lock* lock, void (*handler)(void* user), void* user,
                         lh_destroy_fn destroy, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        const auto shared = make_handler(handler, user, destroy);
        BOOST_OUTCOME_TRY(const auto box, require<LockBox>(lock));
        box->lock.on_requested(as_function<>(shared));
        return success();
    });
}
