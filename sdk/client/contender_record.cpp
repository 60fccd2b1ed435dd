#include "sdk/client/contender_record.hpp"

#include "sdk/core/text.hpp"

#include <leasehold/v1/contender.pb.h>

#include <array>
#include <chrono>

#include <unistd.h>

namespace leasehold::detail {
namespace {

/// A record of ours names its writer; an address that happens to parse does not.
constexpr std::string_view writer = "leasehold/";

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || !core::is_utf8(name.data())) {
        return {};
    }
    return name.data();
}

}  // namespace

std::string encode_record(const ContenderRecord& record) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    v1::Contender message;
    message.set_owner(record.owner);
    message.set_host(host_name());
    message.set_pid(::getpid());
    message.set_budget_ms(record.budget.count());
    message.set_trace_id(record.trace_id);
    message.set_created_unix_ms(std::chrono::duration_cast<milliseconds>(now).count());
    message.set_client_version(std::string(writer) + LEASEHOLD_VERSION);
    return message.SerializeAsString();
}

std::optional<ContenderRecord> decode_record(std::string_view bytes) {
    constexpr std::size_t longest = 64 * 1024;
    v1::Contender message;
    if (bytes.size() > longest ||
        !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        !message.client_version().starts_with(writer)) {
        return std::nullopt;
    }
    return ContenderRecord{.owner = message.owner(),
                           .host = message.host(),
                           .pid = message.pid(),
                           .budget = milliseconds{message.budget_ms()},
                           .trace_id = message.trace_id()};
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
