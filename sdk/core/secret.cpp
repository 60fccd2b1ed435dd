#include "sdk/core/secret.hpp"

#include <algorithm>
#include <cstring>

namespace leasehold::core {

/// Not memset, which the compiler may leave out before memory is freed.
Secret::~Secret() {
    if (!x_bytes.empty()) {
        explicit_bzero(x_bytes.data(), x_bytes.size());
    }
}

void wipe(std::string& text) noexcept {
    explicit_bzero(text.data(), text.size());
    text.clear();
}

void wipe_front(std::string& text, std::size_t count) noexcept {
    const std::size_t rest = text.size() - count;
    std::memmove(text.data(), text.data() + count, rest);
    explicit_bzero(text.data() + rest, count);
    text.resize(rest);
}

void make_room(std::string& text, std::size_t more) {
    if (text.capacity() - text.size() >= more) {
        return;
    }
    std::string larger;
    larger.reserve(std::max(2 * text.capacity(), text.size() + more));
    larger = text;
    text.swap(larger);
    wipe(larger);
}

}  // namespace leasehold::core
