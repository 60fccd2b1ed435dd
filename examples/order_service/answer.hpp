// What a caller is told: a status, a reason for a person, and when to come back.
#pragma once

#include <leasehold/error.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace order_service {

/// No aggregate: GCC 12 destroys those twice when they are temporaries beside a co_await.
struct Answer {
    Answer() = default;
    Answer(unsigned code, nlohmann::json json) : status(code), body(std::move(json)) {}

    unsigned status = 500;
    nlohmann::json body;
    std::optional<int> retry_after_s;
    std::string text;  ///< instead of the JSON, if not empty
};

/// {"error": code, "message": message}
[[nodiscard]] Answer refuse(unsigned status, std::string_view code, std::string message);
/// The same, with a Retry-After of that many seconds.
[[nodiscard]] Answer refuse_for(int retry_s, unsigned status, std::string_view code,
                                std::string message);

/// Why there was no lock for the payment. `budget` is what the holder may have at most.
[[nodiscard]] Answer answer_no_lock(const leasehold::Error& error, leasehold::Duration budget);
/// Why the charge under the lock has no receipt.
[[nodiscard]] Answer answer_no_receipt(const leasehold::Error& error);
/// Why the database did not do it.
[[nodiscard]] Answer answer_no_database(const leasehold::Error& error);

}  // namespace order_service
