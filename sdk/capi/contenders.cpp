// Who holds, who waits and who leads.
#include "sdk/capi/answer.hpp"
#include "sdk/capi/objects.hpp"
#include "sdk/capi/operations.hpp"
#include "sdk/capi/options.hpp"
#include "sdk/client/election.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace leasehold::capi {
namespace {

using LeaderInfo = std::optional<ContenderInfo>;

/// A list of one, or of none.
result<std::vector<ContenderInfo>> list_of(result<LeaderInfo> leader) {
    if (!leader) {
        return std::move(leader).error();
    }
    std::vector<ContenderInfo> list;
    if (LeaderInfo& one = *leader) {
        list.push_back(*std::move(one));
    }
    return list;
}

lh_contender contender_of(const ContenderInfo& from) {
    lh_contender to{};
    to.node = from.node.c_str();
    to.sequence = from.sequence;
    to.is_held = from.is_held ? 1 : 0;
    to.is_asked = from.is_asked ? 1 : 0;
    to.kind = static_cast<std::int32_t>(from.lock_kind);
    to.is_downgraded = from.is_downgraded ? 1 : 0;
    to.token = from.token;
    to.blocked_by = from.blocked_by.c_str();
    to.owner = from.owner.c_str();
    to.host = from.host.c_str();
    to.pid = from.pid;
    to.age_ms = from.age.count();
    to.budget_ms = from.budget ? from.budget->count() : -1;
    to.trace_id = from.trace_id.c_str();
    to.payload = from.payload.c_str();
    to.session = from.session.c_str();
    return to;
}

struct ObserverBox {
    using Name = lh_observer;
    static constexpr HandleKind kind = HandleKind::observer;

    explicit ObserverBox(LeaderObserver follower) : observer(std::move(follower)) {}

    LeaderObserver observer;
};

}  // namespace
}  // namespace leasehold::capi

using namespace leasehold::capi;
using leasehold::ContenderInfo;
using leasehold::errc;
using leasehold::Error;
using leasehold::milliseconds;
using leasehold::result;
using leasehold::success;

int lh_client_contenders(lh_client* client, const char* path, lh_contenders** contenders,
                         lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(contenders, "contenders"));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto where, text(path, "path"));
        BOOST_OUTCOME_TRY(auto all, box->client->contenders(where));
        return hand_out<ContendersBox>(contenders, std::move(all));
    });
}

int lh_client_contenders_async(lh_client* client, const char* path, lh_contenders_fn callback,
                               void* user, lh_operation* operation, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto where, text(path, "path"));
        begin<std::vector<ContenderInfo>>(
            operation, [&](auto token) { box->client->async_contenders(where, std::move(token)); },
            [callback, user](result<std::vector<ContenderInfo>> all) {
                hand_over<ContendersBox>(callback, user, std::move(all));
            });
        return success();
    });
}

int lh_client_leader(lh_client* client, const char* path, lh_contenders** leader,
                     lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(leader, "leader"));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto where, text(path, "path"));
        BOOST_OUTCOME_TRY(auto list, list_of(box->client->leader(where)));
        return hand_out<ContendersBox>(leader, std::move(list));
    });
}

int lh_client_leader_async(lh_client* client, const char* path, lh_contenders_fn callback,
                           void* user, lh_operation* operation, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto where, text(path, "path"));
        begin<LeaderInfo>(
            operation, [&](auto token) { box->client->async_leader(where, std::move(token)); },
            [callback, user](result<LeaderInfo> leader) {
                hand_over<ContendersBox>(callback, user, list_of(std::move(leader)));
            });
        return success();
    });
}

size_t lh_contenders_count(lh_contenders* contenders) {
    return ask<ContendersBox>(contenders, std::size_t{0},
                              [](const ContendersBox& box) { return box.all.size(); });
}

int lh_contenders_get(lh_contenders* contenders, size_t index, lh_contender* contender,
                      lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require<ContendersBox>(contenders));
        if (contender == nullptr) {
            return Error(errc::invalid_argument, "contender is NULL");
        }
        BOOST_OUTCOME_TRYV(check_size(*contender));
        if (index >= box->all.size()) {
            return Error(errc::invalid_argument, "index is " + std::to_string(index) + " of " +
                                                     std::to_string(box->all.size()));
        }
        fill(contender, sizeof *contender, contender_of(box->all[index]));
        return success();
    });
}

void lh_contenders_free(lh_contenders* contenders) {
    static_cast<void>(take<ContendersBox>(contenders));
}

int lh_client_request_release(lh_client* client, const char* path, uint64_t* asked,
                              lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto where, text(path, "path"));
        BOOST_OUTCOME_TRY(const auto count, box->client->request_release(where));
        if (asked != nullptr) {
            *asked = count;
        }
        return success();
    });
}

// ---- following the leader ----

int lh_client_observe(lh_client* client, const char* path, lh_observer** observer,
                      lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(observer, "observer"));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto where, text(path, "path"));
        BOOST_OUTCOME_TRY(auto follower, box->client->observe(where));
        return hand_out<ObserverBox>(observer, std::move(follower));
    });
}

int lh_observer_next(lh_observer* observer, int64_t timeout_ms, lh_contenders** leader,
                     lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(leader, "leader"));
        BOOST_OUTCOME_TRY(const auto box, require<ObserverBox>(observer));
        BOOST_OUTCOME_TRY(auto next, box->observer.next(milliseconds(timeout_ms)));
        BOOST_OUTCOME_TRY(auto list, list_of(std::move(next)));
        return hand_out<ContendersBox>(leader, std::move(list));
    });
}

int lh_observer_next_async(lh_observer* observer, lh_contenders_fn callback, void* user,
                           lh_operation* operation, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require<ObserverBox>(observer));
        begin<LeaderInfo>(
            operation, [&](auto token) { box->observer.async_next(std::move(token)); },
            [callback, user](result<LeaderInfo> next) {
                hand_over<ContendersBox>(callback, user, list_of(std::move(next)));
            });
        return success();
    });
}

void lh_observer_free(lh_observer* observer) {
    answer(nullptr, [observer]() -> result<void> {
        // A call that is under way holds the box, and ends by this.
        if (const auto box = take<ObserverBox>(observer)) {
            leasehold::detail::LeaderFollower::stop(box->observer);
        }
        return success();
    });
}
