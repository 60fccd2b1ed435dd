// "127.0.0.1:2181": where a server is to listen.
#pragma once

#include <leasehold/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace leasehold::cli {

struct ListenAddress {
    std::string host = "127.0.0.1";  ///< numeric, an IPv6 one without brackets
    std::uint16_t port = 2181;
    bool is_loopback = true;  ///< nobody outside this machine can reach it

    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// HOST:PORT, where HOST is a numeric address, an IPv6 one in brackets, or localhost. Names are not
/// looked up: what they mean here and what they mean elsewhere may differ.
/// Errors: invalid_argument.
[[nodiscard]] result<ListenAddress> parse_listen_address(std::string_view text);

/// "127.0.0.1:2181" or "[::1]:2181".
[[nodiscard]] std::string format_address(std::string_view host, std::uint16_t port);

}  // namespace leasehold::cli
