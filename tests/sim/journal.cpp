#include "tests/sim/journal.hpp"

namespace leasehold::sim {

namespace {

std::string padded(std::int64_t number, std::size_t digits) {
    std::string text = std::to_string(number);
    return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

}  // namespace

std::string time_text(Instant truth) {
    const std::int64_t micros = (truth - genesis) / std::chrono::microseconds{1};
    return std::to_string(micros / 1'000'000) + "." + padded(micros % 1'000'000, 6) + " s";
}

std::string ms_text(Duration duration) {
    return std::to_string(duration / std::chrono::milliseconds{1}) + " ms";
}

void Journal::write(Instant truth, const std::string& text) {
    x_trace.push_back(time_text(truth) + "  " + text);
}

}  // namespace leasehold::sim
