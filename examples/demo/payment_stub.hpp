// The payment gateway, or what this example has instead of one: it answers every payment but one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace demo {

class PaymentStub {
public:
    explicit PaymentStub(std::string_view hanging_payment) : x_hanging(hanging_payment) {}

    /// The answer to a payment; nothing, if it is to be swallowed: the request was read, and its
    /// connection stays open and silent. The same payment asked for again is answered.
    std::optional<std::string> charge(std::string_view payment) {
        if (payment == x_hanging && !std::exchange(x_has_hung, true)) {
            return std::nullopt;
        }
        return "paid";
    }

    [[nodiscard]] bool has_hung() const { return x_has_hung; }

private:
    std::string x_hanging;
    bool x_has_hung = false;
};

}  // namespace demo
