#include "sdk/server/digest.hpp"

#include "sdk/wire/connect.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstddef>

namespace leasehold::server {

namespace {

constexpr std::size_t sha1_size = 20;
constexpr std::size_t base64_size = (sha1_size + 2) / 3 * 4;

/// Empty where SHA-1 is forbidden (FIPS): then nobody can be that user.
std::string base64_of_sha1(std::string_view text) {
    std::array<unsigned char, sha1_size> hash{};
    if (EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha1(), nullptr) != 1) {
        return {};
    }
    std::array<unsigned char, base64_size + 1> encoded{};
    EVP_EncodeBlock(encoded.data(), hash.data(), static_cast<int>(hash.size()));
    return {encoded.begin(), encoded.end() - 1};
}

}  // namespace

std::string digest_id(std::string_view user_and_password) {
    const std::string_view user = user_and_password.substr(0, user_and_password.find(':'));
    return std::string(user) + ":" + base64_of_sha1(user_and_password);
}

std::string password_of(std::int64_t session) {
    // Linear congruential, 48 bits; its upper 32 bits are four bytes, the lowest first.
    constexpr std::uint64_t multiplier = 0x5DEECE66DU;
    constexpr std::uint64_t mask = (std::uint64_t{1} << 48U) - 1;
    std::uint64_t state = (static_cast<std::uint64_t>(session) ^ 0xB3415C00U ^ multiplier) & mask;
    std::string password;
    while (password.size() < wire::password_size) {
        state = (state * multiplier + 0xBU) & mask;
        for (unsigned shift = 16; shift < 48; shift += 8) {
            password.push_back(static_cast<char>((state >> shift) & 0xFFU));
        }
    }
    return password;
}

}  // namespace leasehold::server
