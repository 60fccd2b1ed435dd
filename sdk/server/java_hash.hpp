// The order of Java's hash tables, wherever clients can see it: a client that depends on it by
// accident shall find it here too.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leasehold::server {

/// String.hashCode, of ASCII.
[[nodiscard]] inline std::uint32_t java_hash(std::string_view text) {
    std::uint32_t hash = 0;
    for (const char byte : text) {
        hash = hash * 31U + static_cast<unsigned char>(byte);
    }
    return hash;
}

/// Where an entry is in a table with so many buckets, a power of two.
[[nodiscard]] inline std::uint32_t java_bucket(std::uint32_t hash, std::uint32_t buckets) {
    return (hash ^ (hash >> 16U)) & (buckets - 1);
}

/// The buckets of a HashSet that is copied from a collection of that size.
[[nodiscard]] inline std::uint32_t java_buckets(std::size_t size) {
    return std::bit_ceil(static_cast<std::uint32_t>(static_cast<float>(size) / 0.75F + 1.0F));
}

}  // namespace leasehold::server
