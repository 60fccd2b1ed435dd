// Where a server is: a host as the user wrote it, or one numeric address that it resolved to.
#pragma once

#include <cstdint>
#include <string>

namespace leasehold::core {

struct Endpoint {
    std::string host;
    std::uint16_t port = 2181;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace leasehold::core
