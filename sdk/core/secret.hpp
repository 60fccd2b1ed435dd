// Passwords and the like, which leave nothing behind in memory that was given back.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leasehold::core {

/// Overwritten when it goes. A vector, because a moved string may leave its text behind.
class Secret {
public:
    explicit Secret(std::string_view text = {}) : x_bytes(text.begin(), text.end()) {}
    /// Takes over what was read into the memory itself.
    explicit Secret(std::vector<char> bytes) noexcept : x_bytes(std::move(bytes)) {}
    ~Secret();
    Secret(const Secret&) = default;
    Secret(Secret&&) noexcept = default;
    Secret& operator=(Secret other) noexcept {
        x_bytes.swap(other.x_bytes);
        return *this;
    }

    [[nodiscard]] std::string_view text() const noexcept {
        return {x_bytes.data(), x_bytes.size()};
    }

private:
    std::vector<char> x_bytes;
};

// A buffer on the way to the network is a string for all that it carries, secrets among it.

/// Empties the text and overwrites what it was; the memory is kept.
void wipe(std::string& text) noexcept;

/// Takes characters from the front away, and leaves no copy of them or of the rest behind the end.
void wipe_front(std::string& text, std::size_t count) noexcept;

/// Makes room for `more` characters; if that takes other memory, nothing is left in the old one.
void make_room(std::string& text, std::size_t more);

/// How a connection says who it is: "digest" and "user:password".
struct Credential {
    std::string scheme;
    Secret secret;
};

}  // namespace leasehold::core
