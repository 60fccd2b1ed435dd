#include "sdk/server/digest.hpp"

#include "sdk/wire/connect.hpp"

#include <array>
#include <bit>
#include <cstddef>

namespace leasehold::server {

namespace {

using Sha1 = std::array<std::uint32_t, 5>;

constexpr std::size_t block_size = 64;

void add_block(Sha1& state, std::string_view block) {
    std::array<std::uint32_t, 80> words{};
    for (std::size_t i = 0; i < block_size; ++i) {
        words[i / 4] = (words[i / 4] << 8U) | static_cast<unsigned char>(block[i]);
    }
    for (std::size_t i = 16; i < words.size(); ++i) {
        words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    }
    auto [a, b, c, d, e] = state;
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::uint32_t mixed = 0;
        if (i < 20) {
            mixed = ((b & c) | (~b & d)) + 0x5A827999U;
        } else if (i < 40) {
            mixed = (b ^ c ^ d) + 0x6ED9EBA1U;
        } else if (i < 60) {
            mixed = ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCU;
        } else {
            mixed = (b ^ c ^ d) + 0xCA62C1D6U;
        }
        const std::uint32_t next = std::rotl(a, 5) + mixed + e + words[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    const Sha1 added{a, b, c, d, e};
    for (std::size_t i = 0; i < state.size(); ++i) {
        state[i] += added[i];
    }
}

std::string sha1(std::string_view text) {
    Sha1 state{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
    std::string padded(text);
    padded.push_back('\x80');
    while (padded.size() % block_size != block_size - 8) {
        padded.push_back('\0');
    }
    const std::uint64_t bits = std::uint64_t{text.size()} * 8;
    for (unsigned shift = 64; shift != 0;) {
        shift -= 8;
        padded.push_back(static_cast<char>((bits >> shift) & 0xFFU));
    }
    for (std::size_t at = 0; at < padded.size(); at += block_size) {
        add_block(state, std::string_view(padded).substr(at, block_size));
    }
    std::string bytes;
    for (const std::uint32_t word : state) {
        for (unsigned shift = 32; shift != 0;) {
            shift -= 8;
            bytes.push_back(static_cast<char>((word >> shift) & 0xFFU));
        }
    }
    return bytes;
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = at; i < at + 3; ++i) {
            group = (group << 8U) | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
        }
        for (unsigned i = 0; i < 4; ++i) {
            const bool is_padding = at + i > bytes.size();
            text.push_back(is_padding ? '=' : letters[(group >> (18U - 6U * i)) & 0x3FU]);
        }
    }
    return text;
}

}  // namespace

std::string digest_id(std::string_view user_and_password) {
    const std::string_view user = user_and_password.substr(0, user_and_password.find(':'));
    return std::string(user) + ":" + base64(sha1(user_and_password));
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
