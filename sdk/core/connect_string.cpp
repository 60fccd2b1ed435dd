#include "sdk/core/path.hpp"
#include "sdk/core/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <set>
#include <utility>

namespace leasehold::core {
namespace {

constexpr std::size_t max_hosts = 1000;
constexpr std::size_t max_host_bytes = 255;  // of a DNS name
constexpr std::size_t max_quoted_bytes = 60;

Error invalid(std::string what) {
    return {errc::invalid_argument, std::move(what)};
}

/// Refuses what no host, port or path holds, so that everything after this may quote the text.
result<void> check_bytes(std::string_view hosts) {
    for (std::size_t at = 0; at < hosts.size(); ++at) {
        const auto byte = static_cast<unsigned char>(hosts[at]);
        if (byte > ' ' && byte < 0x7f) {
            continue;
        }
        std::array<char, 8> hex{};
        std::snprintf(hex.data(), hex.size(), "0x%02x", static_cast<unsigned>(byte));
        std::string what = "connect string: ";
        if (byte == ' ' || byte == '\t') {
            what += "blank";
        } else {
            what += byte < 0x80 ? "control character " : "non-ASCII byte ";
            what += hex.data();
        }
        what += " at offset " + std::to_string(at);
        if (byte >= 0x80) {
            what += "; write an international host name in its xn-- form";
        }
        return invalid(std::move(what));
    }
    return success();
}

/// One item of the list, with its place for a person.
struct Item {
    std::string_view text;
    std::size_t number;  ///< from 1

    [[nodiscard]] Error refuse(std::string_view why) const {
        std::string what = "connect string: host " + std::to_string(number) + " \"";
        what += text.substr(0, max_quoted_bytes);
        what += text.size() > max_quoted_bytes ? "...\": " : "\": ";
        what += why;
        return invalid(std::move(what));
    }
};

result<std::uint16_t> parse_port(const Item& item, std::string_view text) {
    if (text.empty()) {
        return item.refuse("the port after ':' is missing");
    }
    unsigned port = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, port);
    if (stopped != end || error == std::errc::invalid_argument) {
        return item.refuse("the port is no number");
    }
    if (error != std::errc{} || port < 1 || port > 65535) {
        return item.refuse("the port is outside 1..65535");
    }
    return static_cast<std::uint16_t>(port);
}

bool is_ipv6_literal(std::string_view text) {
    const std::size_t mark = std::min(text.find('%'), text.size());
    const std::string_view address = text.substr(0, mark);
    const std::string_view zone = text.substr(mark);  // with its mark, if there is one
    const bool is_zone =
        zone.empty() || (zone.size() > 1 && zone.find_first_of("[]%", 1) == std::string_view::npos);
    return is_zone && std::count(address.begin(), address.end(), ':') >= 2 &&
           address.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

/// Splits off the host; what follows it, ":port" or nothing, stays in `rest`.
result<std::string_view> parse_host(const Item& item, std::string_view& rest) {
    const std::string_view text = item.text;
    if (text.front() == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) {
            return item.refuse("the bracket is not closed");
        }
        const std::string_view host = text.substr(1, close - 1);
        if (!is_ipv6_literal(host)) {
            return item.refuse("there is no IPv6 address between the brackets");
        }
        rest = text.substr(close + 1);
        if (!rest.empty() && rest.front() != ':') {
            return item.refuse("only ':' and a port may follow the bracket");
        }
        return host;
    }
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
        return item.refuse("more than one ':'; an IPv6 address stands in brackets");
    }
    if (text.find_first_of("[]") != std::string_view::npos) {
        return item.refuse("brackets stand around the whole host");
    }
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    return text.substr(0, colon);
}

result<Endpoint> parse_endpoint(const Item& item) {
    if (item.text.empty()) {
        return item.refuse("there is nothing between two commas, or before or after one");
    }
    std::string_view rest;
    BOOST_OUTCOME_TRY(const std::string_view host, parse_host(item, rest));
    if (host.empty()) {
        return item.refuse("the host before ':' is missing");
    }
    if (host.size() > max_host_bytes) {
        return item.refuse("the host is longer than 255 bytes");
    }
    Endpoint endpoint{std::string(host)};
    if (!rest.empty()) {
        BOOST_OUTCOME_TRY(endpoint.port, parse_port(item, rest.substr(1)));
    }
    return endpoint;
}

/// Host names are the same in any case.
Endpoint folded(Endpoint endpoint) {
    for (char& letter : endpoint.host) {
        if (letter >= 'A' && letter <= 'Z') {
            letter = static_cast<char>(letter - 'A' + 'a');
        }
    }
    return endpoint;
}

result<std::vector<Endpoint>> parse_hosts(std::string_view list) {
    std::vector<Endpoint> hosts;
    std::set<Endpoint> seen;
    for (std::size_t number = 1, begin = 0; begin <= list.size(); ++number) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        BOOST_OUTCOME_TRY(Endpoint endpoint,
                          parse_endpoint({list.substr(begin, end - begin), number}));
        if (seen.insert(folded(endpoint)).second) {
            hosts.push_back(std::move(endpoint));
        }
        if (hosts.size() > max_hosts) {
            return invalid("connect string: more than " + std::to_string(max_hosts) + " hosts");
        }
        begin = end + 1;
    }
    return hosts;
}

constexpr std::string_view tls_scheme = "tls://";

/// Removes the scheme, and says whether it was that of TLS. What looks like another one is refused:
/// whoever writes it believes in some protection that would not be there.
result<bool> parse_scheme(std::string_view& text) {
    if (text.starts_with(tls_scheme)) {
        text.remove_prefix(tls_scheme.size());
        return true;
    }
    const std::size_t end = text.find("://");
    if (end != std::string_view::npos && end + 1 == text.find('/')) {
        return invalid(
            "connect string: there is no such scheme before \"://\"; TLS is tls://host:port, and "
            "hosts without TLS have none");
    }
    return false;
}

result<std::string> parse_chroot(std::string_view text) {
    if (text.empty() || text == "/") {
        return std::string{};
    }
    const result<void> checked = check_path(text);
    if (!checked) {
        const ErrorContext& context = checked.error().context();
        return Error{checked.error().code(),
                     {.what = "connect string: the chroot: " + context.what,
                      .path = std::string(text),
                      .holder = {},
                      .holder_node = {},
                      .position = {},
                      .time_left = {}}};
    }
    return std::string(text);
}

}  // namespace

result<ConnectString> parse_connect_string(std::string_view text) {
    if (text.empty()) {
        return invalid("the connect string is empty; it looks like host:2181,host:2181/chroot");
    }
    BOOST_OUTCOME_TRY(const bool asks_for_tls, parse_scheme(text));
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string_view list = text.substr(0, slash);
    if (list.empty()) {
        return invalid("connect string: there is no host before the chroot");
    }
    BOOST_OUTCOME_TRY(check_bytes(list));
    BOOST_OUTCOME_TRY(std::vector<Endpoint> hosts, parse_hosts(list));
    BOOST_OUTCOME_TRY(std::string chroot, parse_chroot(text.substr(slash)));
    return ConnectString{std::move(hosts), std::move(chroot), asks_for_tls};
}

}  // namespace leasehold::core
