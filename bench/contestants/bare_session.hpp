// A session on a bare blocking socket, and the frames that a lock needs, prepared: what the floor
// is measured with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace leasehold::bench {

/// Gives up whenever the server is not there. Its end is that of the session.
class BareSession {
public:
    explicit BareSession(std::uint16_t port);
    ~BareSession();
    BareSession(const BareSession&) = delete;
    BareSession& operator=(const BareSession&) = delete;

    void write(std::string_view bytes) const;
    /// The next frame, without its length; good until the next call.
    std::string_view read();
    /// The body of the next frame, which has to be a reply that is no error.
    std::string_view answer();
    /// Whether the next frame is here already, after the one that was read last.
    [[nodiscard]] bool has_more() const;
    [[nodiscard]] int descriptor() const { return x_descriptor; }

    /// Makes the node unless it is there.
    void make(const std::string& path);

private:
    const int x_descriptor;
    std::array<char, 1 << 16> x_buffer{};
    std::string_view x_unread;
    std::size_t x_used = 0;
};

/// What is sent for one lock.
class LockFrames {
public:
    explicit LockFrames(const std::string& path);

    /// A create and a getChildren.
    [[nodiscard]] const std::string& acquire() const { return x_acquire; }
    /// The create by itself.
    [[nodiscard]] std::string_view create() const { return {x_acquire.data(), x_create_size}; }
    /// The delete of the node that the create has made, by the body of its reply.
    [[nodiscard]] const std::string& release(std::string_view created);
    /// A getData of any node, with a watch.
    [[nodiscard]] static std::string watch(const std::string& node);

    static constexpr std::int32_t create_xid = 2;
    static constexpr std::int32_t children_xid = 3;
    static constexpr std::int32_t remove_xid = 4;
    static constexpr std::int32_t watch_xid = 5;

private:
    std::string x_acquire;
    std::size_t x_create_size = 0;
    std::string x_release;
    std::size_t x_digits_at = 0;
};

}  // namespace leasehold::bench
