#include "tests/unit/wire/vectors/row.hpp"

#include "sdk/wire/frame.hpp"
#include "tests/unit/wire/vectors/codec.hpp"
#include "tests/unit/wire/vectors/compare.hpp"
#include "tests/unit/wire/vectors/hex.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace leasehold::wire::vectors {

namespace {

using Json = nlohmann::json;

constexpr std::string_view to_server = "client->server";
constexpr std::string_view to_client = "server->client";

// What a server takes by default (jute.maxbuffer); our own limit for its replies is wider.
constexpr FrameLimits server_limits{.frame = 0xFFFFF, .drain = 0xFFFFF};

struct Row {
    std::string op;
    std::string bytes;
    Json decoded;
    bool is_request = false;
};

// A row may say nothing about its frame; then the round trip alone counts.
Json decoded_of(const Json& json) {
    const bool says_something = json.contains("decoded") && json["decoded"].is_object();
    return says_something ? json["decoded"] : Json::object();
}

bool is_four_letter_word(const Row& row) {
    constexpr std::array<std::string_view, 21> words{
        "conf", "cons", "crst", "dump", "envi", "ruok", "srst", "srvr", "stat", "wchs", "wchc",
        "wchp", "dirs", "mntr", "isro", "hash", "gtmk", "stmk", "lead", "orst", "lsnp"};
    const auto is_word = [&](std::string_view text) {
        return std::find(words.begin(), words.end(), text) != words.end();
    };
    return row.op.starts_with("4lw") || is_word(row.op) ||
           (row.is_request && is_word(std::string_view(row.bytes).substr(0, 4)));
}

bool expects_refusal(const Row& row) {
    return row.op == "badlen" || has_key(row.decoded, "decode_error");
}

// The one frame of the row, or why there is none.
result<std::string> cut_frame(const Row& row) {
    FrameSplitter splitter(row.is_request ? server_limits : FrameLimits{});
    splitter.feed(row.bytes);
    const auto frame = splitter.next();
    if (!frame) {
        return frame.error();
    }
    if (!frame.value()) {
        return DecodeError::truncated;
    }
    std::string body(*frame.value());
    if (splitter.buffered() != 0) {
        return DecodeError::trailing_bytes;
    }
    return body;
}

Decoded decode_row(const Row& row) {
    const result<std::string> frame = cut_frame(row);
    if (!frame) {
        return {frame.error(), Json::object(), {}, {}};
    }
    return row.is_request ? decode_request_frame(row.op, frame.value())
                          : decode_reply_frame(row.op, frame.value());
}

Judgement fail(std::string why) {
    return {Verdict::failed, std::move(why), {}};
}

// The header of a refused frame may well be readable, and then has to agree too.
Judgement judge_refusal(const Row& row, const Decoded& decoded) {
    const std::string_view name = identifier_of(*decoded.error);
    if (row.decoded.contains("decode_error") && row.decoded["decode_error"].is_string()) {
        const auto expected = row.decoded["decode_error"].get<std::string>();
        const bool is_our_name =
            expected.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
        if (is_our_name && expected != name) {
            return fail("refused as " + std::string(name) + ", the file says " + expected);
        }
    }
    Comparison comparison;
    compare(row.decoded, decoded.json, "decoded", comparison);
    if (!comparison.differences.empty()) {
        return fail(comparison.differences.front());
    }
    return {Verdict::refused, std::string(name), {}};
}

Judgement judge_decoded(const Row& row, const Decoded& decoded) {
    if (decoded.reencoded != row.bytes) {
        return fail("re-encoded as " + to_hex(decoded.reencoded));
    }
    if (!decoded.op.empty() && decoded.op != row.op) {
        return fail("the frame's type says " + decoded.op + ", the file says " + row.op);
    }
    Comparison comparison;
    compare(row.decoded, decoded.json, "decoded", comparison);
    std::erase(comparison.unknown_keys, "decoded.note");
    if (!comparison.differences.empty()) {
        return fail(comparison.differences.front());
    }
    return {Verdict::round_tripped, {}, std::move(comparison.unknown_keys)};
}

}  // namespace

Judgement judge(const Json& json) {
    const Json& hex = json.at("hex");
    const auto direction = json.at("direction").get<std::string>();
    const std::optional<std::string> bytes = from_hex(hex.is_null() ? "" : hex.get<std::string>());
    if (direction != to_server && direction != to_client) {
        return fail("unknown direction " + direction);
    }
    if (!bytes) {
        return fail("not hexadecimal");
    }
    const Row row{json.at("op").get<std::string>(), *bytes, decoded_of(json),
                  direction == to_server};
    if (row.bytes.empty() || is_four_letter_word(row)) {
        return {Verdict::skipped, {}, {}};
    }

    const Decoded decoded = decode_row(row);
    if (!decoded.error) {
        return expects_refusal(row) ? fail("decoded, but should have been refused")
                                    : judge_decoded(row, decoded);
    }
    // Our decoder is stricter than the one that wrote the files: it takes no null for a path.
    const bool refuses_null =
        decoded.error == DecodeError::unexpected_null && has_null(row.decoded);
    if (expects_refusal(row) || refuses_null) {
        return judge_refusal(row, decoded);
    }
    return fail("refused: " + std::string(describe(*decoded.error)));
}

}  // namespace leasehold::wire::vectors
