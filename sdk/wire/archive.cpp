#include "sdk/wire/archive.hpp"

#include <array>
#include <type_traits>

namespace leasehold::wire {

namespace {

constexpr std::size_t length_size = 4;
constexpr std::int32_t null_length = -1;

// By shifts, so that neither the host's byte order nor alignment matters.
template <class Integer>
std::array<char, sizeof(Integer)> to_big_endian(Integer value) noexcept {
    auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
    std::array<char, sizeof(Integer)> bytes{};
    for (auto at = bytes.rbegin(); at != bytes.rend(); ++at) {
        *at = static_cast<char>(bits & 0xFFU);
        bits >>= 8U;
    }
    return bytes;
}

template <class Integer>
Integer from_big_endian(std::string_view bytes) noexcept {
    std::make_unsigned_t<Integer> bits = 0;
    for (const char byte : bytes) {
        bits = (bits << 8U) | static_cast<unsigned char>(byte);
    }
    return static_cast<Integer>(bits);
}

std::int32_t to_length(std::size_t size) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(size));
}

}  // namespace

void Writer::int32(std::int32_t value) {
    const auto bytes = to_big_endian(value);
    x_out.append(bytes.data(), bytes.size());
}

void Writer::int64(std::int64_t value) {
    const auto bytes = to_big_endian(value);
    x_out.append(bytes.data(), bytes.size());
}

void Writer::boolean(bool value) {
    x_out.push_back(value ? '\1' : '\0');
}

void Writer::buffer(std::string_view bytes) {
    int32(to_length(bytes.size()));
    raw(bytes);
}

void Writer::null() {
    int32(null_length);
}

void Writer::count(std::size_t elements) {
    int32(to_length(elements));
}

void Writer::raw(std::string_view bytes) {
    x_out.append(bytes);
}

FrameScope::FrameScope(std::string& out) : x_out(out), x_start(out.size()) {
    x_out.append(length_size, '\0');
}

FrameScope::~FrameScope() {
    const auto bytes = to_big_endian(to_length(x_out.size() - x_start - length_size));
    for (std::size_t i = 0; i < length_size; ++i) {
        x_out[x_start + i] = bytes[i];
    }
}

void Reader::fail(DecodeError error) noexcept {
    if (!x_error) {
        x_error = error;
    }
    x_rest = {};
}

std::string_view Reader::bytes(std::size_t size) noexcept {
    if (size > x_rest.size()) {
        fail(DecodeError::truncated);
        return {};
    }
    const std::string_view taken = x_rest.substr(0, size);
    x_rest.remove_prefix(size);
    return taken;
}

std::int32_t Reader::int32() noexcept {
    return from_big_endian<std::int32_t>(bytes(sizeof(std::int32_t)));
}

std::int64_t Reader::int64() noexcept {
    return from_big_endian<std::int64_t>(bytes(sizeof(std::int64_t)));
}

bool Reader::boolean() noexcept {
    const std::string_view byte = bytes(1);
    if (byte.empty()) {
        return false;
    }
    if (byte[0] != '\0' && byte[0] != '\1') {
        fail(DecodeError::bad_boolean);
        return false;
    }
    return byte[0] == '\1';
}

std::optional<std::size_t> Reader::count(std::size_t element_size) noexcept {
    const std::int32_t announced = int32();
    if (!ok() || announced == null_length) {
        return std::nullopt;
    }
    if (announced < 0) {
        fail(DecodeError::negative_length);
        return std::nullopt;
    }
    const auto elements = static_cast<std::size_t>(announced);
    if (elements > x_rest.size() / element_size) {
        fail(DecodeError::length_exceeds_input);
        return std::nullopt;
    }
    return elements;
}

std::optional<std::string_view> Reader::nullable() noexcept {
    const std::optional<std::size_t> size = count(1);
    if (!size) {
        return std::nullopt;
    }
    return bytes(*size);
}

std::string_view Reader::string() noexcept {
    const std::optional<std::string_view> value = nullable();
    if (!value) {
        fail(DecodeError::unexpected_null);
        return {};
    }
    return *value;
}

std::string_view Reader::take_rest() noexcept {
    const std::string_view rest = x_rest;
    x_rest = {};
    return rest;
}

void Reader::finish() noexcept {
    if (!x_rest.empty()) {
        fail(DecodeError::trailing_bytes);
    }
}

}  // namespace leasehold::wire
