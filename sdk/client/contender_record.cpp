#include "sdk/client/contender_record.hpp"

#include <leasehold/v1/contender.pb.h>

#include "sdk/core/text.hpp"

#include <google/protobuf/arena.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <unistd.h>

namespace leasehold::detail {
namespace {

/// A record of ours names its writer; an address that happens to parse does not.
constexpr std::string_view writer = "leasehold/";

/// What keeps the record's length bytes, and so the whole of it, valid UTF-8.
constexpr std::size_t longest_text = 127;

std::string shorten(std::string_view text) {
    // Whole code points only.
    std::size_t size = std::min(text.size(), longest_text);
    while (size > 0 && size < text.size() &&
           (static_cast<unsigned char>(text[size]) & 0xc0u) == 0x80u) {
        --size;
    }
    return std::string(text.substr(0, size));
}

/// 0 for what is no number of this kind.
std::int64_t number(std::string_view text) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end && value > 0 ? value : 0;
}

/// What the clock can count at most: whoever reads a record may add or convert what stands in it.
milliseconds span(std::string_view text) {
    constexpr auto longest = std::chrono::duration_cast<milliseconds>(Duration::max());
    return std::min(milliseconds{number(text)}, longest);
}

std::string ask_host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || !core::is_utf8(name.data())) {
        return {};
    }
    return name.data();
}

/// As it was when it was first needed: it is a hint for people.
const std::string& host_name() {
    static const std::string name = ask_host_name();
    return name;
}

template <class Pieces>
std::string join(const Pieces& pieces) {
    std::string text;
    for (const std::string& piece : pieces) {
        text += piece;
    }
    return text;
}

}  // namespace

std::string encode_identity() {
    v1::Contender message;
    message.set_host(shorten(host_name()));
    message.set_pid(std::to_string(::getpid()));
    message.set_client_version(std::string(writer) + LEASEHOLD_VERSION);
    return message.SerializeAsString();
}

/// What is written one behind the other is read as one message.
std::string encode_record(const ContenderRecord& record, std::string_view identity) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    // On the stack: a record is written for each lock.
    std::array<char, 2048> memory;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    google::protobuf::Arena arena(memory.data(), memory.size());
    v1::Contender& message = *google::protobuf::Arena::CreateMessage<v1::Contender>(&arena);
    message.set_owner(shorten(record.owner));
    if (record.budget) {
        message.set_budget_ms(std::to_string(record.budget->count()));
    }
    message.set_trace_id(shorten(record.trace_id));
    message.set_created_unix_ms(
        std::to_string(std::chrono::duration_cast<milliseconds>(now).count()));
    if (record.lock_delay.count() > 0) {
        message.set_lock_delay_ms(std::to_string(record.lock_delay.count()));
    }
    for (std::string_view rest = record.payload; !rest.empty();) {
        std::string piece = shorten(rest);
        rest.remove_prefix(piece.size());
        message.add_payload(std::move(piece));
    }
    std::string bytes;
    bytes.reserve(identity.size() + message.ByteSizeLong());
    bytes += identity;
    message.AppendToString(&bytes);
    return bytes;
}

std::optional<ContenderRecord> decode_record(std::string_view bytes) {
    constexpr std::size_t longest = std::size_t{64} * 1024;
    v1::Contender message;
    // protobuf would write to stderr about text that is not UTF-8; a record of ours is all UTF-8.
    if (bytes.size() > longest || !core::is_utf8(bytes) ||
        !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        !message.client_version().starts_with(writer)) {
        return std::nullopt;
    }
    const milliseconds budget = span(message.budget_ms());
    return ContenderRecord{
        .owner = message.owner(),
        .host = message.host(),
        .pid = number(message.pid()),
        .budget = budget > milliseconds{0} ? std::optional(budget) : std::nullopt,
        .trace_id = message.trace_id(),
        .lock_delay = span(message.lock_delay_ms()),
        .payload = join(message.payload())};
}

std::string describe_record(std::string_view bytes) {
    const auto record = decode_record(bytes);
    if (!record) {
        return core::escape(bytes);
    }
    std::string text = record->owner.empty() ? "somebody" : record->owner;
    if (!record->host.empty()) {
        text += " on " + record->host;
    }
    if (record->pid != 0) {
        text += " pid " + std::to_string(record->pid);
    }
    return core::escape(text);
}

}  // namespace leasehold::detail
