// Taking locks, and the lead.
#include "sdk/capi/answer.hpp"
#include "sdk/capi/objects.hpp"
#include "sdk/capi/operations.hpp"
#include "sdk/capi/options.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leasehold::capi {
namespace {

result<ScopedLock> take_lock(const Client& client, std::string_view path,
                             const LockRequest& request) {
    switch (request.kind) {
        case LockKind::exclusive: return client.lock(path, request.options);
        case LockKind::shared: return client.lock_shared(path, request.options);
        case LockKind::permit: return client.acquire_permit(path, request.options);
        case LockKind::upgradable: return client.lock_upgradable(path, request.options);
    }
    return errc::invalid_argument;
}

template <class Token>
void take_lock(const Client& client, std::string_view path, const LockRequest& request,
               Token token) {
    switch (request.kind) {
        case LockKind::exclusive: return client.async_lock(path, request.options, std::move(token));
        case LockKind::shared:
            return client.async_lock_shared(path, request.options, std::move(token));
        case LockKind::permit:
            return client.async_acquire_permit(path, request.options, std::move(token));
        case LockKind::upgradable:
            return client.async_lock_upgradable(path, request.options, std::move(token));
    }
}

result<std::vector<std::string>> paths_of(const char* const* paths, std::size_t count,
                                          const LockRequest& request) {
    if (request.kind != LockKind::exclusive) {
        return Error(errc::invalid_argument, "a set of locks is exclusive");
    }
    if (paths == nullptr && count != 0) {
        return Error(errc::invalid_argument, "paths is NULL, but count is not 0");
    }
    std::vector<std::string> all;
    for (const char* path : std::span(paths, count)) {
        BOOST_OUTCOME_TRY(const auto one, text(path, "a path"));
        all.emplace_back(one);
    }
    return all;
}

}  // namespace
}  // namespace leasehold::capi

using namespace leasehold::capi;
using leasehold::Leadership;
using leasehold::result;
using leasehold::ScopedLock;
using leasehold::success;

int lh_client_lock(lh_client* client, const char* path, const lh_lock_options* options,
                   lh_lock** lock, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(lock, "lock"));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto where, text(path, "path"));
        BOOST_OUTCOME_TRY(const auto request, lock_request(options));
        BOOST_OUTCOME_TRY(auto granted, take_lock(*box->client, where, request));
        return hand_out<LockBox>(lock, std::move(granted));
    });
}

int lh_client_lock_async(lh_client* client, const char* path, const lh_lock_options* options,
                         lh_lock_fn callback, void* user, lh_operation* operation,
                         lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto where, text(path, "path"));
        BOOST_OUTCOME_TRY(const auto request, lock_request(options));
        begin<ScopedLock>(
            operation,
            [&](auto token) { take_lock(*box->client, where, request, std::move(token)); },
            [callback, user](result<ScopedLock> granted) {
                hand_over<LockBox>(callback, user, std::move(granted));
            });
        return success();
    });
}

int lh_client_lock_all(lh_client* client, const char* const* paths, size_t count,
                       const lh_lock_options* options, lh_lock** lock, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(lock, "lock"));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto request, lock_request(options));
        BOOST_OUTCOME_TRY(const auto all, paths_of(paths, count, request));
        BOOST_OUTCOME_TRY(auto granted, box->client->lock_all(all, request.options));
        return hand_out<LockBox>(lock, std::move(granted));
    });
}

int lh_client_lock_all_async(lh_client* client, const char* const* paths, size_t count,
                             const lh_lock_options* options, lh_lock_fn callback, void* user,
                             lh_operation* operation, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto request, lock_request(options));
        BOOST_OUTCOME_TRY(const auto all, paths_of(paths, count, request));
        begin<ScopedLock>(
            operation,
            [&](auto token) {
                box->client->async_lock_all(all, request.options, std::move(token));
            },
            [callback, user](result<ScopedLock> granted) {
                hand_over<LockBox>(callback, user, std::move(granted));
            });
        return success();
    });
}

int lh_client_elect(lh_client* client, const char* path, const lh_elect_options* options,
                    lh_lock** leadership, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(leadership, "leadership"));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto where, text(path, "path"));
        BOOST_OUTCOME_TRY(const auto request, elect_request(options));
        BOOST_OUTCOME_TRY(auto won, box->client->elect(where, request.options));
        return hand_out<LockBox>(leadership, std::move(won));
    });
}

int lh_client_elect_async(lh_client* client, const char* path, const lh_elect_options* options,
                          lh_lock_fn callback, void* user, lh_operation* operation,
                          lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto where, text(path, "path"));
        BOOST_OUTCOME_TRY(const auto request, elect_request(options));
        begin<Leadership>(
            operation,
            [&](auto token) { box->client->async_elect(where, request.options, std::move(token)); },
            [callback, user](result<Leadership> won) {
                hand_over<LockBox>(callback, user, std::move(won));
            });
        return success();
    });
}
