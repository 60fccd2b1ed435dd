// Turns the six primitive types of jute, ZooKeeper's serialisation, into bytes and back without
// ever trusting a length that came from the network.
#pragma once

#include "sdk/wire/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leasehold::wire {

// Appends to a string it does not own. A length over 2^31-1 cannot be represented on the wire; the
// frame's real size stays visible to the caller, whose own request limit is far below that.
class Writer {
public:
    explicit Writer(std::string& out) noexcept : x_out(out) {}

    void int32(std::int32_t value);
    void int64(std::int64_t value);
    void boolean(bool value);
    void buffer(std::string_view bytes);  // strings and buffers look the same on the wire
    void null();                          // of a buffer, a string or a list
    void count(std::size_t elements);
    void raw(std::string_view bytes);  // no length: bytes that are already encoded

private:
    std::string& x_out;
};

// Reserves the four length bytes of a frame; the destructor writes what the length became.
class FrameScope {
public:
    explicit FrameScope(std::string& out);
    ~FrameScope();
    FrameScope(const FrameScope&) = delete;
    FrameScope& operator=(const FrameScope&) = delete;

private:
    std::string& x_out;
    std::size_t x_start;
};

// Reads from bytes that outlive it. The first error sticks: every later read returns zero or empty
// and consumes nothing, so that a decoder may read all its fields and ask once at the end.
class Reader {
public:
    explicit Reader(std::string_view input) noexcept : x_rest(input) {}

    std::int32_t int32() noexcept;
    std::int64_t int64() noexcept;
    bool boolean() noexcept;
    std::string_view string() noexcept;                   // null is an error
    std::optional<std::string_view> nullable() noexcept;  // null is a value

    // Elements of a list that follows, or nullopt for a null list. `element_size` is the least an
    // element can take: a count that does not fit into the remaining bytes is refused here, before
    // anybody allocates for it.
    std::optional<std::size_t> count(std::size_t element_size) noexcept;

    std::string_view take_rest() noexcept;
    void fail(DecodeError error) noexcept;

    [[nodiscard]] bool ok() const noexcept { return !x_error; }
    [[nodiscard]] std::optional<DecodeError> error() const noexcept { return x_error; }
    [[nodiscard]] std::size_t remaining() const noexcept { return x_rest.size(); }

    // Ends a record: turns bytes that nobody read into an error.
    void finish() noexcept;

private:
    std::string_view bytes(std::size_t size) noexcept;

    std::string_view x_rest;
    std::optional<DecodeError> x_error;
};

}  // namespace leasehold::wire
