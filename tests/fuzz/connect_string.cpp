// Connect strings: what is accepted is printed, and is the same when it is read again.
#include "sdk/core/path.hpp"
#include "sdk/core/settings.hpp"
#include "tests/fuzz/script.hpp"
#include "tests/fuzz/target.hpp"

#include <chrono>
#include <string>

namespace leasehold::fuzz {
namespace {

std::string printed(const core::ConnectString& servers) {
    std::string text = servers.asks_for_tls ? "tls://" : "";
    for (const core::Endpoint& each : servers.hosts) {
        const bool is_v6 = each.host.find(':') != std::string::npos;
        text += text.empty() || text.ends_with('/') ? "" : ",";
        text += is_v6 ? "[" + each.host + "]:" : each.host + ":";
        text += std::to_string(each.port);
    }
    return text + servers.chroot;
}

void check(const core::ConnectString& servers) {
    require(!servers.hosts.empty() && servers.hosts.size() <= 1000, "some hosts, and not too many");
    for (const core::Endpoint& each : servers.hosts) {
        require(!each.host.empty() && each.host.size() <= 255 && each.port != 0, "each is one");
        require(each.host.find_first_of(" /,[]\n") == std::string::npos, "and nothing else");
    }
    require(servers.chroot.empty() || (servers.chroot != "/" && core::check_path(servers.chroot)),
            "a chroot is a path");
    const auto again = core::parse_connect_string(printed(servers));
    require(again.has_value() && again->hosts == servers.hosts && again->chroot == servers.chroot &&
                again->asks_for_tls == servers.asks_for_tls,
            "what was accepted is accepted again");
}

/// Any options: whatever is let through makes sense.
void check_options(Script script, std::string_view text) {
    const ClientOptions options{
        .session_timeout = milliseconds{script.int64()},
        .tick = milliseconds{script.int32()},
        .sync_limit = script.int32(),
        .standalone = script.coin(),
        .ack_gap = milliseconds{script.int64()},
        .clock_drift = static_cast<double>(script.int32()) / 100.0,
        .margin = milliseconds{script.int64()},
        .connect_timeout = milliseconds{script.int64()},
        .backoff_min = milliseconds{script.int32()},
        .backoff_max = milliseconds{script.int64()},
        .max_frame_bytes = static_cast<std::size_t>(script.bits(8)),
        .server_version = script.text(),
    };
    const auto settings = core::make_settings(text, options);
    if (!settings) {
        return;
    }
    require(settings->session_timeout > Duration{} && settings->timing.tick > Duration{} &&
                settings->timing.ack_gap > Duration{} && settings->connect_timeout > Duration{},
            "no time is zero or negative");
    require(settings->timing.delta() >= Duration{} && settings->timing.sync_limit > 0,
            "nothing is won by an ensemble's delays");
    require(settings->backoff_min <= settings->backoff_max, "a back-off rises");
    require(options.server_version.empty() == !settings->server_version, "a version is one");
}

void run(std::string_view input) {
    if (const auto servers = core::parse_connect_string(input)) {
        check(*servers);
    }
    Script script(input);
    const std::string_view options = script.take(64);
    check_options(Script(options), script.is_over() ? "zk1" : script.rest());
}

LEASEHOLD_FUZZ_TARGET(connect_string, run)

}  // namespace
}  // namespace leasehold::fuzz
