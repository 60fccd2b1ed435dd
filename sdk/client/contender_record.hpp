// What a contender says of itself in its node: for people to read. Nothing is decided by it
// but how long those behind hold back (sdk/core/record_marks.hpp).
#pragma once

#include <leasehold/options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leasehold::detail {

struct ContenderRecord {
    std::string owner{};
    std::string host{};
    std::int64_t pid = 0;
    std::optional<milliseconds> budget{};  ///< without one: a candidate for leadership
    std::string trace_id{};
    milliseconds lock_delay{0};
    std::string payload{};
};

/// The bytes that tell host, pid and version of this process. They are the same in all records of
/// it.
[[nodiscard]] std::string encode_identity();

/// The bytes of our own record; `identity` and the time are this process's. Text must be UTF-8.
[[nodiscard]] std::string encode_record(const ContenderRecord& record,
                                        std::string_view identity = encode_identity());

/// Nothing if another client wrote it: Curator writes an address, kazoo and others what they like.
[[nodiscard]] std::optional<ContenderRecord> decode_record(std::string_view bytes);

/// One line for a person, escaped and of at most 200 bytes: "orders on host7 pid 4711", or the text
/// of another client's record. Empty if nothing is known.
[[nodiscard]] std::string describe_record(std::string_view bytes);

}  // namespace leasehold::detail
