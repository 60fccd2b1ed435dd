// The ways in which a frame may be other than an honest server would have sent it.
#pragma once

#include "sdk/wire/opcode.hpp"
#include "tests/fuzz/script.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace leasehold::fuzz {

/// One lie, told in one of the frames that come.
struct Lie {
    std::uint8_t kind = 0;
    std::uint8_t skip = 0;  ///< how many frames that it fits pass before
    std::int64_t number = 0;
    std::string text{};
};

/// Those that are still to be told, in order.
class Lies {
public:
    void add(Script& script);
    /// Changes a frame, length included, if the next lie fits it.
    void tell(wire::Opcode op, std::string& frame);

private:
    std::deque<Lie> x_lies;
};

/// What stands in a frame as its length becomes what it is.
[[nodiscard]] std::string reframed(std::string_view body);

}  // namespace leasehold::fuzz
