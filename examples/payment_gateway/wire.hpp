// What crosses the wire between the gateway and its client, as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace payment_gateway {

/// The header by which a request asks for a behaviour of its own.
inline constexpr std::string_view behave_header = "X-Behave";

/// One payment to be charged.
///
/// No aggregate: GCC 12 destroys those twice when they are temporaries beside a co_await.
struct Charge {
    Charge() = default;
    Charge(std::string payment_id, std::int64_t cents)
        : payment(std::move(payment_id)), amount_cents(cents) {}

    std::string payment;  ///< charged once, however often it is asked for
    std::int64_t amount_cents = 0;
    std::string behave;  ///< what the stub is asked to do with it; empty asks for nothing
};

struct Receipt {
    Receipt() = default;

    std::string payment;
    std::string receipt;
    std::int64_t amount_cents = 0;
    bool is_repeated = false;  ///< it had been charged before
};

/// Letters, digits and ._:- ; 1 to 128 of them.
[[nodiscard]] bool is_payment_id(std::string_view text);

[[nodiscard]] std::string to_json(const Charge& charge);
[[nodiscard]] std::string to_json(const Receipt& receipt);
/// Nothing, and `why`, if the text is no such thing.
[[nodiscard]] std::optional<Charge> parse_charge(std::string_view text, std::string& why);
[[nodiscard]] std::optional<Receipt> parse_receipt(std::string_view text, std::string& why);

}  // namespace payment_gateway
