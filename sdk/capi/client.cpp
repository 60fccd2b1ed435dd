#include "sdk/capi/answer.hpp"
#include "sdk/capi/handler.hpp"
#include "sdk/capi/objects.hpp"
#include "sdk/capi/operations.hpp"
#include "sdk/capi/options.hpp"

#include <string>
#include <vector>

namespace leasehold::capi {
namespace {

/// As long as ~Client takes at most.
constexpr milliseconds time_to_close{1'000};

lh_client_stats stats_of(const ClientStats& from) {
    lh_client_stats to{};
    to.sessions = from.sessions;
    to.connects = from.connects;
    to.reconnects = from.reconnects;
    to.requests = from.requests;
    to.pings = from.pings;
    to.bytes_sent = from.bytes_sent;
    to.bytes_received = from.bytes_received;
    to.locks_held = from.locks_held;
    to.locks_waiting = from.locks_waiting;
    to.pending_requests = from.pending_requests;
    to.watches = from.watches;
    to.nodes_to_delete = from.nodes_to_delete;
    to.orphans = from.orphans;
    to.grants = from.grants;
    to.local_grants = from.local_grants;
    to.refusals = from.refusals;
    to.overruns = from.overruns;
    to.losses = from.losses;
    to.gaps = from.gaps;
    to.session_timeout_ns = from.session_timeout.count();
    to.evidence_age_ns = from.evidence_age.count();
    to.lease_in_hand_ns = from.lease_in_hand.count();
    return to;
}

}  // namespace

void LogAdapter::operator()(const LogRecord& record) const {
    std::vector<std::string> texts;
    texts.reserve(2 * record.fields.size());
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const LogField& field : record.fields) {
        names.push_back(texts.emplace_back(field.name).c_str());
        values.push_back(texts.emplace_back(field.value).c_str());
    }
    const std::string event(record.event);
    x_function(x_user, static_cast<int>(record.level), event.c_str(), names.data(), values.data(),
               record.fields.size());
}

}  // namespace leasehold::capi

using namespace leasehold::capi;
using leasehold::ClientState;
using leasehold::errc;
using leasehold::Error;
using leasehold::milliseconds;
using leasehold::result;
using leasehold::success;

int lh_client_connect(const char* hosts, const lh_client_options* options, lh_client** client,
                      lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(prepare_out(client, "client"));
        BOOST_OUTCOME_TRY(const auto where, text(hosts, "hosts"));
        BOOST_OUTCOME_TRY(auto with, client_options(options));
        const auto box = options != nullptr
                             ? std::make_shared<ClientBox>(options->on_log, options->log_user)
                             : std::make_shared<ClientBox>(nullptr, nullptr);
        if (options != nullptr && options->on_log != nullptr) {
            with.on_log = box->log;
        }
        BOOST_OUTCOME_TRY(auto connected, leasehold::Client::connect(where, with));
        box->client.emplace(std::move(connected));
        *client = insert(box);
        return success();
    });
}

void lh_client_free(lh_client* client) {
    answer(nullptr, [client]() -> result<void> {
        const auto box = take<ClientBox>(client);
        // Who else is inside a call of it has to come out: the last one of us destroys it.
        return box && box.use_count() > 1 ? box->client->close(time_to_close) : success();
    });
}

int lh_client_close(lh_client* client, int64_t timeout_ms, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        return box->client->close(milliseconds(timeout_ms));
    });
}

int lh_client_close_async(lh_client* client, int64_t timeout_ms, lh_done_fn callback, void* user,
                          lh_operation* operation, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        begin_plain(operation, callback, user, [&](auto token) {
            box->client->async_close(milliseconds(timeout_ms), std::move(token));
        });
        return success();
    });
}

int lh_client_wait_connected(lh_client* client, int64_t timeout_ms, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        return box->client->wait_connected(milliseconds(timeout_ms));
    });
}

int lh_client_wait_connected_async(lh_client* client, lh_done_fn callback, void* user,
                                   lh_operation* operation, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRYV(check_callback(callback));
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        begin_plain(operation, callback, user,
                    [&](auto token) { box->client->async_wait_connected(std::move(token)); });
        return success();
    });
}

int lh_client_add_auth(lh_client* client, const char* scheme, const void* secret,
                       size_t secret_size, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        BOOST_OUTCOME_TRY(const auto name, text(scheme, "scheme"));
        if (secret == nullptr && secret_size != 0) {
            return Error(errc::invalid_argument, "secret is NULL, but secret_size is not 0");
        }
        return box->client->add_auth(name, {static_cast<const char*>(secret), secret_size});
    });
}

int lh_client_state(lh_client* client) {
    return ask<ClientBox>(client, static_cast<int>(LH_STATE_CLOSED), [](const ClientBox& box) {
        return static_cast<int>(box.client->state());
    });
}

int lh_client_on_state_change(lh_client* client, void (*handler)(void* user, int state), void* user,
                              lh_destroy_fn destroy, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        const auto shared = make_handler(handler, user, destroy);
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        box->client->on_state_change(as_function<ClientState>(shared));
        return success();
    });
}

int lh_client_stats_get(lh_client* client, lh_client_stats* stats, lh_error** error) {
    return answer(error, [&]() -> result<void> {
        BOOST_OUTCOME_TRY(const auto box, require<ClientBox>(client));
        if (stats == nullptr) {
            return Error(errc::invalid_argument, "stats is NULL");
        }
        BOOST_OUTCOME_TRYV(check_size(*stats));
        fill(stats, sizeof *stats, stats_of(box->client->stats()));
        return success();
    });
}
