#include "sdk/cli/listen_address.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>
#include <optional>
#include <system_error>

namespace leasehold::cli {
namespace {

/// Nothing if it is no numeric address.
std::optional<bool> is_loopback(const std::string& host, bool is_v6) {
    if (host.find('\0') != std::string::npos) {
        return std::nullopt;  // inet_pton would not look behind it
    }
    if (is_v6) {
        in6_addr address{};
        if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) {
            return std::nullopt;
        }
        return IN6_IS_ADDR_LOOPBACK(&address);
    }
    in_addr address{};
    if (::inet_pton(AF_INET, host.c_str(), &address) != 1) {
        return std::nullopt;
    }
    return (ntohl(address.s_addr) >> 24) == IN_LOOPBACKNET;
}

}  // namespace

result<ListenAddress> parse_listen_address(std::string_view text) {
    const auto refuse = [&](const char* why) {
        return Error(errc::invalid_argument, "'" + std::string(text) + "' " + why);
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return refuse("is no HOST:PORT, such as 127.0.0.1:2181");
    }
    ListenAddress address;
    const std::string_view port = text.substr(colon + 1);
    const char* const end = port.data() + port.size();
    const auto [stopped, error] = std::from_chars(port.data(), end, address.port);
    if (port.empty() || error != std::errc{} || stopped != end) {
        return refuse("has no port from 0 to 65535 behind its last colon; 0 takes a free one");
    }
    std::string_view host = text.substr(0, colon);
    const bool is_v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (is_v6) {
        host = host.substr(1, host.size() - 2);
    }
    address.host = host == "localhost" ? "127.0.0.1" : std::string(host);
    const std::optional<bool> loopback = is_loopback(address.host, is_v6);
    if (!loopback) {
        return refuse("has no numeric address, such as 127.0.0.1 or [::1], before its last colon");
    }
    address.is_loopback = *loopback;
    return address;
}

std::string format_address(std::string_view host, std::uint16_t port) {
    const bool is_v6 = host.find(':') != std::string_view::npos;
    std::string text = is_v6 ? "[" : "";
    text += host;
    text += is_v6 ? "]:" : ":";
    return text + std::to_string(port);
}

}  // namespace leasehold::cli
