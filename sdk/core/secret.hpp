// Passwords and the like, which leave nothing behind in memory that was given back.
#pragma once

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

/// How a connection says who it is: "digest" and "user:password".
struct Credential {
    std::string scheme;
    Secret secret;
};

}  // namespace leasehold::core
