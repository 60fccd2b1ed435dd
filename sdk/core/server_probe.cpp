#include "sdk/core/server_probe.hpp"

namespace leasehold::core {

void ServerProbe::on_bytes(std::string_view bytes) {
    if (x_is_done) {
        return;
    }
    x_answer += bytes.substr(0, max_answer - x_answer.size());
    read_lines();
    if (x_answer.size() == max_answer) {
        x_is_done = true;
    }
}

void ServerProbe::on_end() {
    x_is_done = true;
}

/// Looks at complete lines only: of "3.4.14" cut short, "3.4.1" would be another version.
void ServerProbe::read_lines() {
    for (std::size_t end = x_answer.find('\n', x_line); end != std::string::npos && !x_is_done;
         end = x_answer.find('\n', x_line)) {
        const std::string_view line = std::string_view(x_answer).substr(x_line, end - x_line);
        x_line = end + 1;
        if (line.starts_with("Zookeeper version: ")) {
            x_version = parse_server_version(line);
            x_is_done = true;
        }
    }
}

}  // namespace leasehold::core
