#include "sdk/core/settings.hpp"

#include "sdk/core/path.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <set>
#include <utility>

namespace leasehold::core {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_hosts = 1000;
constexpr std::size_t max_host_bytes = 255;  // of a DNS name
constexpr std::size_t max_quoted_bytes = 60;

Error invalid(std::string what) {
    return {errc::invalid_argument, std::move(what)};
}

// ---- the connect string ----

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
    const std::string_view address = text.substr(0, text.find('%'));  // without the zone
    return std::count(address.begin(), address.end(), ':') >= 2 &&
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

// ---- the options ----

constexpr milliseconds longest_on_wire{std::numeric_limits<std::int32_t>::max()};

struct DurationBound {
    std::string_view option;
    milliseconds value;
    milliseconds least;
    milliseconds most = milliseconds::max();
};

result<void> check(const DurationBound& bound) {
    if (bound.value >= bound.least && bound.value <= bound.most) {
        return success();
    }
    std::string what(bound.option);
    what += " is " + std::to_string(bound.value.count()) + " ms; it must be ";
    what += bound.value < bound.least ? "at least " + std::to_string(bound.least.count())
                                      : "at most " + std::to_string(bound.most.count());
    return invalid(what + " ms");
}

result<void> check_durations(const ClientOptions& options) {
    const std::array bounds{
        // T and the tick are 32-bit milliseconds on the wire and in zoo.cfg.
        DurationBound{"session_timeout", options.session_timeout, 1ms, longest_on_wire},
        DurationBound{"tick", options.tick, 1ms, longest_on_wire},
        DurationBound{"ack_gap", options.ack_gap, 0ms},
        DurationBound{"margin", options.margin, 0ms},
        DurationBound{"connect_timeout", options.connect_timeout, 1ms},
        DurationBound{"backoff_min", options.backoff_min, 1ms},
        DurationBound{"backoff_max", options.backoff_max,
                      options.backoff_max == 0ms ? 0ms : options.backoff_min},
        DurationBound{"orphan_limit", options.orphan_limit, 1ms},
    };
    for (const DurationBound& bound : bounds) {
        BOOST_OUTCOME_TRY(check(bound));
    }
    return success();
}

template <class Number>
result<void> check_range(std::string_view option, Number value, Number least, Number most) {
    if (value >= least && value <= most) {
        return success();
    }
    return invalid(std::string(option) + " is " + std::to_string(value) + "; it must be " +
                   std::to_string(least) + " to " + std::to_string(most));
}

result<void> check_numbers(const ClientOptions& options) {
    // Written so that a NaN is refused too.
    if (!(options.clock_drift >= 0.0 && options.clock_drift < 0.5)) {
        return invalid("clock_drift is " + std::to_string(options.clock_drift) +
                       "; it must be at least 0 and below 0.5");
    }
    BOOST_OUTCOME_TRY(check_range("sync_limit", options.sync_limit, 1, 1000));
    BOOST_OUTCOME_TRY(
        check_range("max_connects_per_second", options.max_connects_per_second, 1, 1000));
    // The smallest frame that holds a connect response and a useful list; the length is an int32.
    BOOST_OUTCOME_TRY(check_range("max_frame_bytes", options.max_frame_bytes, std::size_t{1024},
                                  std::size_t{std::numeric_limits<std::int32_t>::max()}));
    return check_range("max_pending", options.max_pending, std::size_t{1},
                       std::numeric_limits<std::size_t>::max());
}

LeaseTiming make_timing(const ClientOptions& options) {
    // G's default is DESIGN section 5's min(2 s, tick): longer than a tick would not be noticed
    // before the next send is missed, and 2 s is what a healthy ensemble never takes.
    const milliseconds ack_gap =
        options.ack_gap == 0ms ? std::min<milliseconds>(2s, options.tick) : options.ack_gap;
    return {.tick = saturate(options.tick),
            .sync_limit = options.sync_limit,
            .standalone = options.standalone,
            .ack_gap = saturate(ack_gap),
            .clock_drift = options.clock_drift,
            .margin = saturate(options.margin)};
}

milliseconds choose_backoff_max(const ClientOptions& options) {
    if (options.backoff_max != 0ms) {
        return options.backoff_max;
    }
    const milliseconds share = std::clamp<milliseconds>(options.session_timeout / 20, 250ms, 10s);
    return std::max(share, options.backoff_min);
}

}  // namespace

result<ConnectString> parse_connect_string(std::string_view text) {
    if (text.empty()) {
        return invalid("the connect string is empty; it looks like host:2181,host:2181/chroot");
    }
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string_view list = text.substr(0, slash);
    if (list.empty()) {
        return invalid("connect string: there is no host before the chroot");
    }
    BOOST_OUTCOME_TRY(check_bytes(list));
    BOOST_OUTCOME_TRY(std::vector<Endpoint> hosts, parse_hosts(list));
    BOOST_OUTCOME_TRY(std::string chroot, parse_chroot(text.substr(slash)));
    return ConnectString{std::move(hosts), std::move(chroot)};
}

std::optional<ServerVersion> parse_server_version(std::string_view text) {
    constexpr std::string_view srvr_prefix = "Zookeeper version: ";
    if (text.starts_with(srvr_prefix)) {
        text.remove_prefix(srvr_prefix.size());
    }
    // "3.8" is 3.8.0. Longer numbers than four digits are no version.
    std::array<int, 3> numbers{};
    std::size_t count = 0;
    while (count < numbers.size()) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 4) {
            return std::nullopt;
        }
        std::from_chars(text.data(), text.data() + digits, numbers[count++]);
        text.remove_prefix(digits);
        if (!text.starts_with('.') || count == numbers.size()) {
            break;
        }
        text.remove_prefix(1);
    }
    // Vendors go on with ".2.6" or "-cdh5"; "3.8.0rc1" or "3.8.0x" could mean anything.
    const bool is_complete = text.empty() || text.find_first_of("-+., \r\n") == 0;
    if (count < 2 || !is_complete) {
        return std::nullopt;
    }
    return ServerVersion{numbers[0], numbers[1], numbers[2]};
}

Duration LeaseTiming::delta() const {
    if (standalone) {
        return Duration::zero();
    }
    // syncLimit ticks: how long a follower serves on without a word from the leader. Half a tick:
    // the rhythm of the leader's pings, whose answers pass our touches on. The remaining 1.5 ticks
    // and G: twice the longest step from one of our sends to the reply of the next, once for the
    // last touch that was passed on, once for a follower that was stopped (see evidence.cpp).
    const Duration ticks = sync_limit > Duration::max() / std::max(tick, Duration{1}) - 2
                               ? Duration::max()
                               : tick * (std::int64_t{sync_limit} + 2);
    return later(Instant{ticks}, ack_gap).time_since_epoch();
}

result<Settings> make_settings(std::string_view connect_string, const ClientOptions& options) {
    BOOST_OUTCOME_TRY(ConnectString servers, parse_connect_string(connect_string));
    BOOST_OUTCOME_TRY(check_durations(options));
    BOOST_OUTCOME_TRY(check_numbers(options));

    Settings settings;
    if (!options.server_version.empty()) {
        settings.server_version = parse_server_version(options.server_version);
        if (!settings.server_version) {
            return invalid("server_version is no version; it looks like 3.8.0");
        }
    }
    settings.servers = std::move(servers);
    settings.session_timeout = saturate(options.session_timeout);
    settings.timing = make_timing(options);
    settings.connect_timeout = saturate(options.connect_timeout);
    settings.backoff_min = saturate(options.backoff_min);
    settings.backoff_max = saturate(choose_backoff_max(options));
    settings.max_connects_per_second = options.max_connects_per_second;
    settings.max_frame_bytes = options.max_frame_bytes;
    settings.max_pending = options.max_pending;
    settings.orphan_limit = saturate(options.orphan_limit);
    return settings;
}

Duration saturate(milliseconds value) {
    constexpr milliseconds most = std::chrono::floor<milliseconds>(Duration::max());
    constexpr milliseconds least = std::chrono::ceil<milliseconds>(Duration::min());
    if (value > most) {
        return Duration::max();
    }
    return value < least ? Duration::min() : Duration{value};
}

}  // namespace leasehold::core
