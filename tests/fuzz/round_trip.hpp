// A record that decodes is the same record again when it is encoded, and the same bytes: no two
// frames mean the same, so nothing can hide in one.
#pragma once

#include "sdk/wire/record.hpp"
#include "tests/fuzz/target.hpp"

#include <array>
#include <string>
#include <string_view>

namespace leasehold::fuzz {

template <class Record>
void round_trip(std::string_view bytes) {
    const auto decoded = wire::decode<Record>(bytes);
    if (!decoded) {
        require(!wire::describe(decoded.error()).empty(), "every refusal has a name");
        return;
    }
    std::string encoded;
    wire::Writer writer(encoded);
    encode(writer, decoded.value());
    require(encoded == bytes, "what was decoded is encoded to the same bytes");
    require(wire::decode<Record>(encoded).value() == decoded.value(),
            "what was encoded is decoded to the same record");
}

/// The first byte says which record the rest is.
template <class... Record>
void round_trip_one_of(std::string_view input) {
    constexpr std::array rounds{&round_trip<Record>...};
    if (!input.empty()) {
        rounds[static_cast<unsigned char>(input.front()) % rounds.size()](input.substr(1));
    }
}

}  // namespace leasehold::fuzz
