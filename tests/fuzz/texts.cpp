// Short texts that people and servers write: durations, addresses, versions, and what is shown of
// them.
#include "sdk/cli/duration.hpp"
#include "sdk/cli/listen_address.hpp"
#include "sdk/core/server_probe.hpp"
#include "sdk/core/text.hpp"
#include "tests/fuzz/script.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <string>

namespace leasehold::fuzz {
namespace {

void check_escape(Script script) {
    const std::size_t most = script.byte();
    const std::string_view text = script.rest();
    const std::string shown = core::escape(text, most);
    require(shown.size() <= most && core::is_utf8(shown), "short, and text");
    for (std::string_view rest = shown; !rest.empty();) {
        char32_t letter = 0;
        require(core::next_code_point(rest, letter), "text");
        require(letter >= 0x20 && !(letter >= 0x7f && letter <= 0x9f) && letter != 0x202e,
                "which steers no terminal");
    }
    const std::string whole = core::escape(text, 4 * text.size());
    require(whole.size() >= text.size() || !core::is_utf8(text),
            "nothing is left out without need");
}

/// The sum of a duration's parts: "1m 30s".
std::int64_t summed(const std::string& text) {
    std::int64_t sum = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(' ', begin), text.size());
        const auto part = cli::parse_duration(text.substr(begin, end - begin));
        require(part.has_value(), "what is printed can be read");
        sum += part->count();
        begin = end + 1;
    }
    return sum;
}

void check_duration(std::string_view text) {
    const auto duration = cli::parse_duration(text);
    if (!duration) {
        require(duration.error().message().size() < 300, "what is quoted is cut");
        return;
    }
    require(*duration >= milliseconds{0} && *duration <= cli::longest_duration,
            "within its bounds");
    require(summed(cli::format_duration(*duration)) == duration->count(),
            "printed, it is the same");
    require(!cli::format_age(*duration).empty(), "an age is shown");
}

void check_address(std::string_view text) {
    if (const auto address = cli::parse_listen_address(text)) {
        const std::string printed = cli::format_address(address->host, address->port);
        require(cli::parse_listen_address(printed).value() == *address, "printed, it is the same");
    }
}

void check_probe(Script script) {
    const std::size_t chunk = 1 + script.byte();
    const std::string_view answer = script.rest();
    core::ServerProbe whole;
    core::ServerProbe split;
    whole.on_bytes(answer);
    for (std::size_t at = 0; at < answer.size(); at += chunk) {
        split.on_bytes(answer.substr(at, chunk));
    }
    require(whole.is_done() == split.is_done() && whole.version() == split.version(),
            "the pieces that an answer comes in do not matter");
    if (const auto version = whole.version()) {
        require(version->major >= 0 && version->minor >= 0 && version->patch >= 0, "a version");
    }
    whole.on_end();
    require(whole.is_done(), "the end is the end");
}

void run(std::string_view input) {
    check_escape(Script(input));
    check_duration(input);
    check_address(input);
    check_probe(Script(input));
    if (const auto version = core::parse_server_version(input)) {
        require(core::parse_server_version(std::to_string(version->major) + "." +
                                           std::to_string(version->minor) + "." +
                                           std::to_string(version->patch)) == version,
                "printed, a version is the same");
    }
}

LEASEHOLD_FUZZ_TARGET(texts, run)

}  // namespace
}  // namespace leasehold::fuzz
