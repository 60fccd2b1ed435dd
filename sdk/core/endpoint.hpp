// Where a server is: a host as the user wrote it, or one numeric address that it resolved to.
#pragma once

#include <cstdint>
#include <string>

namespace leasehold::core {

struct Endpoint {
    std::string host;
    std::uint16_t port = 2181;
    /// With TLS, the name or address that the server's certificate has to be for; else empty.
    std::string name{};
    /// With SASL, what the mechanism has to call the server; else empty.
    std::string sasl_name{};

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace leasehold::core
