#include <leasehold/detail/async_call.hpp>
#include <leasehold/guard.hpp>

#include "sdk/client/hold.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <system_error>
#include <utility>

namespace leasehold {

CallContext::CallContext(std::shared_ptr<detail::Hold> hold) noexcept : x_hold(std::move(hold)) {}

Instant CallContext::deadline() const noexcept {
    return x_hold ? x_hold->call_deadline() : Instant::min();
}

Duration CallContext::remaining() const noexcept {
    const Instant end = deadline();
    const Instant now = BootClock::now();
    return end > now ? end - now : Duration::zero();
}

std::stop_token CallContext::stop_token() const noexcept {
    return x_hold ? x_hold->stop_token() : std::stop_token{};
}

std::int64_t CallContext::token() const noexcept {
    return x_hold ? x_hold->token() : 0;
}

std::string_view CallContext::path() const noexcept {
    return x_hold ? std::string_view(x_hold->path()) : std::string_view{};
}

bool CallContext::valid() const noexcept {
    return x_hold && x_hold->valid();
}

namespace detail {

CallScope::CallScope(std::shared_ptr<Hold> hold) : x_context(std::move(hold)) {
    if (const auto& held = x_context.x_hold; held && !held->is_forked()) {
        held->begin_call();
        x_is_counted = true;
    }
}

CallScope::~CallScope() {
    const auto& hold = x_context.x_hold;
    // A child that was forked inside the call has neither the listener nor the engine.
    if (!x_is_counted || hold->is_forked()) {
        return;
    }
    hold->remove_stop_listener(x_stop_id);
    hold->end_call();
}

result<void> CallScope::verdict() const {
    if (!x_context.x_hold) {
        return Error(errc::lock_lost, "the handle was moved from");
    }
    return x_context.x_hold->verdict();
}

Error CallScope::why_stopped() const {
    return x_context.x_hold->why_stopped();
}

bool CallScope::is_stop_due() const noexcept {
    return x_context.x_hold->is_stop_due();
}

void CallScope::on_stop(std::function<void()> post_stop) {
    x_stop_id = x_context.x_hold->add_stop_listener(std::move(post_stop));
}

Error error_of(std::exception_ptr failure) {
    try {
        std::rethrow_exception(std::move(failure));
    } catch (const std::system_error& error) {
        return Error(error.code(), {.what = error.what()});
    } catch (const boost::system::system_error& error) {
        return Error(std::error_code(error.code()), {.what = error.what()});
    } catch (const std::exception& error) {
        return Error(errc::call_failed, error.what());
    } catch (...) {
        return Error(errc::call_failed, "an exception of unknown type");
    }
}

bool is_cancellation(const Error& error) noexcept {
    return error == errc::cancelled ||
           error.code() ==
               std::error_code(boost::system::error_code(boost::asio::error::operation_aborted)) ||
           error.code() == std::errc::operation_canceled;
}

std::optional<Error> AsyncCallBase::failure_of(const Error* own) const {
    if (auto held = x_scope->verdict(); !held) {
        return held.error();
    }
    if (own == nullptr) {
        return std::nullopt;
    }
    if (!is_cancellation(*own)) {
        return *own;
    }
    if (x_is_cancelled_by_caller) {
        return Error(errc::cancelled);
    }
    return x_scope->is_stop_due() ? x_scope->why_stopped() : *own;
}

}  // namespace detail
}  // namespace leasehold
