// How the gateway treats a charge: it is here to go wrong on demand.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace payment_gateway {

enum class Kind {
    normal,             ///< charges, and answers the receipt
    hang,               ///< neither charges nor answers; the connection stays open
    fail,               ///< says no: 402
    garbage,            ///< answers what is no HTTP
    flood,              ///< answers a body without an end
    close,              ///< closes the connection; nothing is charged
    charge_then_hang,   ///< charges, and never answers
    charge_then_close,  ///< charges, and closes the connection
};

struct Behaviour {
    Kind kind = Kind::normal;
    std::chrono::milliseconds delay{0};  ///< before anything is done

    friend bool operator==(const Behaviour&, const Behaviour&) = default;
};

/// `normal`, `hang`, `fail`, `garbage`, `flood`, `close`, `charge-then-hang`, `charge-then-close`,
/// or `delay=SECONDS` (a fraction is fine, at most an hour). Nothing: it is none of these.
[[nodiscard]] std::optional<Behaviour> parse_behaviour(std::string_view text);
/// All of them, for a person who wrote another one.
[[nodiscard]] std::string behaviours();

/// What the next charges meet that ask for nothing themselves.
/// Thread safety: none.
class Script {
public:
    /// The next `times` charges, or all of them from now on.
    void set(Behaviour behaviour, std::optional<std::uint64_t> times);
    [[nodiscard]] Behaviour next();

private:
    Behaviour x_behaviour;
    std::optional<std::uint64_t> x_left;
};

}  // namespace payment_gateway
