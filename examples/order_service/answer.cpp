#include "answer.hpp"

#include "database.hpp"
#include "payment_gateway/gateway_client.hpp"

#include <algorithm>
#include <chrono>

namespace order_service {
namespace {

using leasehold::Duration;
using leasehold::errc;
using leasehold::Error;
using payment_gateway::gateway_errc;

int whole_seconds(Duration duration) {
    return std::max(1, static_cast<int>(std::chrono::ceil<std::chrono::seconds>(duration).count()));
}

/// What a person needs to know about whom he waits for.
void tell(Answer& answer, const Error& error) {
    const leasehold::ErrorContext& context = error.context();
    if (!context.holder.empty()) {
        answer.body["holder"] = context.holder;
    }
    if (context.position) {
        answer.body["position"] = *context.position;
    }
}

}  // namespace

Answer refuse(unsigned status, std::string_view code, std::string message) {
    return {status, nlohmann::json{{"error", code}, {"message", std::move(message)}}};
}

Answer refuse_for(int retry_s, unsigned status, std::string_view code, std::string message) {
    Answer answer = refuse(status, code, std::move(message));
    answer.retry_after_s = retry_s;
    answer.body["retry_after_s"] = retry_s;
    return answer;
}

Answer answer_no_lock(const Error& error, Duration budget) {
    const int retry_s = whole_seconds(budget);
    const bool is_held = error.context().position.has_value() || !error.context().holder.empty();
    Answer answer;
    if ((error == errc::wait_expired || error == errc::hopeless_wait) && is_held) {
        answer = refuse_for(retry_s, 409, "being_paid", error.message());
    } else if (error == errc::queue_full) {
        answer = refuse_for(retry_s, 503, "too_many_payments", error.message());
    } else if (error == errc::budget_refused || error == errc::invalid_argument) {
        answer = refuse(400, "budget", error.message());
    } else if (error == errc::cancelled || error == errc::closed) {
        answer = refuse_for(1, 503, "shutting_down", "the service is being stopped");
    } else {
        answer = refuse_for(1, 503, "no_lock_service", error.message());
    }
    tell(answer, error);
    return answer;
}

Answer answer_no_receipt(const Error& error) {
    const std::string repeat = "; repeat the request: the order is charged once";
    if (error == gateway_errc::declined) {
        return refuse(402, "declined", error.message());
    }
    if (error == gateway_errc::busy || error == gateway_errc::unreachable) {
        return refuse_for(1, 503, "no_gateway", error.message());
    }
    if (error == gateway_errc::bad_answer || error == gateway_errc::no_answer ||
        error == gateway_errc::refused) {
        return refuse(502, "bad_gateway", error.message() + repeat);
    }
    if (error == errc::budget_exceeded || error == errc::timed_out) {
        return refuse(504, "budget_exceeded", error.message() + repeat);
    }
    if (error == errc::cancelled || error == errc::closed) {
        return refuse_for(1, 503, "shutting_down", "the service is being stopped" + repeat);
    }
    return refuse_for(1, 503, "lock_lost", error.message() + repeat);
}

Answer answer_no_database(const Error& error) {
    if (error == store_errc::failed) {
        return refuse(500, "database", error.message());
    }
    if (error == errc::cancelled) {
        return refuse_for(1, 503, "shutting_down", "the service is being stopped");
    }
    return refuse_for(1, 503, "no_database", error.message());
}

}  // namespace order_service
