#include "tests/support/four_letter.hpp"

#include "tests/support/descriptor.hpp"
#include "tests/support/patience.hpp"

#include <charconv>
#include <sstream>

namespace leasehold::support {

namespace {

std::int64_t number_in(std::string_view text) {
    std::int64_t number = -1;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

std::string four_letter(std::uint16_t port, std::string_view word,
                        std::chrono::milliseconds limit) {
    const Descriptor socket = connect_to_loopback(port);
    if (!socket || !send_all(socket, word)) {
        return {};
    }
    std::string answer;
    const Instant end = BootClock::now() + patient(limit);
    while (true) {
        const std::int64_t left = in_ms(end - BootClock::now());
        if (left <= 0) {
            return {};
        }
        const auto bytes = receive(socket, std::chrono::milliseconds{left});
        if (!bytes) {
            return {};
        }
        if (bytes->empty()) {
            return answer;
        }
        answer += *bytes;
    }
}

std::optional<ServerCounts> server_counts(std::uint16_t port) {
    std::istringstream answer(four_letter(port, "mntr"));
    ServerCounts counts;
    for (std::string line; std::getline(answer, line);) {
        const auto tab = line.find('\t');
        if (tab == std::string::npos) {
            continue;
        }
        const std::string_view name = std::string_view(line).substr(0, tab);
        const std::string_view value = std::string_view(line).substr(tab + 1);
        if (name == "zk_global_sessions") {
            counts.sessions = number_in(value);
        } else if (name == "zk_ephemerals_count") {
            counts.ephemerals = number_in(value);
        } else if (name == "zk_watch_count") {
            counts.watches = number_in(value);
        } else if (name == "zk_znode_count") {
            counts.znodes = number_in(value);
        } else if (name == "zk_num_alive_connections") {
            counts.connections = number_in(value);
        }
    }
    if (counts.watches < 0) {
        return std::nullopt;
    }
    if (counts.sessions < 0) {  // before 3.6 mntr does not tell
        counts.sessions = static_cast<std::int64_t>(sessions_of(port).size());
    }
    return counts;
}

std::string mode_of(std::uint16_t port) {
    std::istringstream answer(four_letter(port, "srvr", std::chrono::milliseconds{300}));
    for (std::string line; std::getline(answer, line);) {
        if (line.starts_with("Mode: ")) {
            return line.substr(6);
        }
    }
    return {};
}

std::vector<std::string> sessions_of(std::uint16_t port) {
    std::istringstream answer(four_letter(port, "dump"));
    std::vector<std::string> sessions;
    for (std::string line; std::getline(answer, line);) {
        if (line.starts_with("ephemeral nodes dump")) {
            break;
        }
        if (line.starts_with("\t0x")) {
            sessions.push_back(line.substr(1));
        }
    }
    return sessions;
}

std::map<std::string, int> data_watches(std::uint16_t port) {
    std::istringstream answer(four_letter(port, "wchp"));
    std::map<std::string, int> watches;
    std::string path;
    for (std::string line; std::getline(answer, line);) {
        if (line.starts_with("/")) {
            path = line;
        } else if (line.starts_with("\t0x")) {
            ++watches[path];
        }
    }
    return watches;
}

int attached_sessions(std::uint16_t port) {
    std::istringstream answer(four_letter(port, "cons"));
    int count = 0;
    for (std::string line; std::getline(answer, line);) {
        const auto at = line.find("sid=0x");
        if (at != std::string::npos && line.compare(at, 8, "sid=0x0,") != 0) {
            ++count;
        }
    }
    return count;
}

}  // namespace leasehold::support
