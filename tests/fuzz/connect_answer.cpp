// What a server says first, in the three forms that it may have.
#include "sdk/wire/connect.hpp"
#include "tests/fuzz/round_trip.hpp"

namespace leasehold::fuzz {
namespace {

void run(std::string_view input) {
    round_trip<wire::ConnectResponse>(input);
    const auto answer = wire::decode_connect_answer(input);
    if (!answer) {
        return;
    }
    const bool is_header = std::holds_alternative<wire::ReplyHeader>(answer.value());
    require(is_header == (input.size() == wire::reply_header_size),
            "a bare header is told from a response by its length");
    if (!is_header) {
        require(std::get<wire::ConnectResponse>(answer.value()).password.size() <= input.size(),
                "a password is no longer than what came");
    }
}

LEASEHOLD_FUZZ_TARGET(connect_answer, run)

}  // namespace
}  // namespace leasehold::fuzz
