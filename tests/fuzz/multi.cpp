// multi and multiRead, whose layout depends on what they hold.
#include "sdk/wire/multi.hpp"

#include "tests/fuzz/round_trip.hpp"

namespace leasehold::fuzz {
namespace {

void run(std::string_view input) {
    round_trip_one_of<wire::MultiReply, wire::MultiRequest, wire::MultiReadRequest>(input);
    if (const auto reply = wire::decode<wire::MultiReply>(input.substr(input.empty() ? 0 : 1))) {
        bool has_failed = false;
        for (const wire::MultiResult& each : reply.value().results) {
            const auto* failed = std::get_if<wire::MultiError>(&each.body);
            has_failed |= failed != nullptr && failed->err != wire::ServerError::ok;
        }
        require(has_failed == (wire::first_error(reply.value()) != wire::ServerError::ok),
                "a multi has failed if one of its operations has");
    }
}

LEASEHOLD_FUZZ_TARGET(multi, run)

}  // namespace
}  // namespace leasehold::fuzz
