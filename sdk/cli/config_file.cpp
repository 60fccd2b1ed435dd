#include "sdk/cli/config_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

namespace leasehold::cli {
namespace {

constexpr std::string_view flag = "--config";
constexpr std::size_t most_bytes = std::size_t{64} * 1024;

constexpr std::array<std::string_view, 27> names{"connect",
                                                 "session-timeout",
                                                 "tick",
                                                 "sync-limit",
                                                 "standalone",
                                                 "ack-gap",
                                                 "clock-drift",
                                                 "margin",
                                                 "lease-evidence",
                                                 "tls",
                                                 "tls-ca",
                                                 "tls-ca-dir",
                                                 "tls-cert",
                                                 "tls-key",
                                                 "tls-passphrase-file",
                                                 "tls-passphrase-env",
                                                 "tls-server-name",
                                                 "tls-min-version",
                                                 "auth-file",
                                                 "auth-env",
                                                 "sasl-mechanism",
                                                 "sasl-user",
                                                 "sasl-password-file",
                                                 "sasl-password-env",
                                                 "sasl-service",
                                                 "sasl-server-name",
                                                 "sasl-realm"};

Error invalid(std::string what) {
    return {errc::invalid_argument, std::move(what)};
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text;
    if (file) {
        text.resize(most_bytes + 1);
        file.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(file.gcount()));
    }
    if (!file.eof()) {
        const int error = errno;
        return invalid("--config " + path + ": " +
                       (text.size() > most_bytes ? "longer than 64 KiB"
                                                 : std::system_category().message(error)));
    }
    return text;
}

/// The value of the last --config before the end, if there is one.
std::optional<std::string> path_in(const std::vector<std::string>& words) {
    std::optional<std::string> path;
    const auto end = std::find(words.begin(), words.end(), "--");
    for (auto word = words.begin(); word != end; ++word) {
        if (word->starts_with(std::string(flag) + "=")) {
            path = word->substr(flag.size() + 1);
        } else if (*word == flag && word + 1 != end) {
            path = *(word + 1);
        }
    }
    return path;
}

}  // namespace

result<std::vector<std::string>> parse_config(std::string_view text) {
    std::vector<std::string> words;
    std::set<std::string_view> seen;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        const std::string where = "line " + std::to_string(number);
        const std::size_t sign = line.find('=');
        const std::string_view name = trimmed(line.substr(0, sign));
        if (sign == std::string_view::npos) {
            return invalid(where + " is not NAME = VALUE");
        }
        if (std::ranges::find(names, name) == names.end()) {
            return invalid(where + ": there is no such option for a file; --help has them");
        }
        if (!seen.insert(name).second) {
            return invalid(where + ": " + std::string(name) + " is there twice");
        }
        words.push_back("--" + std::string(name) + "=" +
                        std::string(trimmed(line.substr(sign + 1))));
    }
    return words;
}

result<std::vector<std::string>> with_config_file(std::vector<std::string> words) {
    const std::optional<std::string> path = path_in(words);
    if (!path || words.empty()) {
        return words;
    }
    BOOST_OUTCOME_TRY(const std::string text, read_file(*path));
    auto configured = parse_config(text);
    if (!configured) {
        return invalid("--config " + *path + ": " + configured.error().context().what);
    }
    words.insert(words.begin() + 1, std::make_move_iterator(configured->begin()),
                 std::make_move_iterator(configured->end()));
    return words;
}

}  // namespace leasehold::cli
