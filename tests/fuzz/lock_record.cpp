// What stands in a contender's node, whoever has written it; and that of ours reads back.
#include "sdk/client/contender_record.hpp"
#include "sdk/core/contender_name.hpp"
#include "sdk/core/recipe.hpp"
#include "sdk/core/record_marks.hpp"
#include "sdk/core/text.hpp"
#include "tests/fuzz/script.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <string>

namespace leasehold::fuzz {
namespace {

using detail::ContenderRecord;

constexpr std::size_t longest_text = 127;  // that a record keeps

void check_shown(std::string_view bytes) {
    const std::string line = detail::describe_record(bytes);
    require(line.size() <= 200 && core::is_utf8(line), "a record is shown as one short text");
    require(std::none_of(line.begin(), line.end(),
                         [](char letter) {
                             return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
                         }),
            "which steers no terminal");
}

void check_marks(std::string_view bytes, std::string_view name) {
    const std::string asked = core::with_request(bytes);
    require(core::is_asked(asked), "who is asked to let go can see it");
    require(core::with_request(asked) == asked, "asked twice is asked once");
    require(core::is_running(asked) == core::is_running(bytes), "a request changes nothing else");
    require(!core::says_shared(name, bytes) || core::says_shared(name, asked), "nor who may pass");
    require(!core::says_shared(name, bytes) || core::may_be_shared(name, bytes),
            "who says that he shares may have said so");
    const Duration delay = core::lock_delay_of(bytes);
    require(delay >= Duration{} && delay <= core::longest_lock_delay,
            "no delay is longer than that");
    const auto permits = core::permits_in(bytes);
    require(!permits || (*permits > 0 && std::to_string(*permits) == bytes),
            "a number of permits has one spelling");
}

/// What of a text a record keeps: whole code points.
std::string kept(std::string text) {
    while (text.size() > longest_text || !core::is_utf8(text)) {
        text.pop_back();
    }
    return text;
}

void check_again(const ContenderRecord& record) {
    const std::string bytes = detail::encode_record(record);
    require(core::is_utf8(bytes), "other clients read a record of ours as text");
    const auto again = detail::decode_record(bytes);
    require(again.has_value(), "a record of ours is known");
    require(again->owner == kept(record.owner) && again->trace_id == kept(record.trace_id),
            "its texts read back");
    require(again->payload == record.payload && again->budget == record.budget,
            "and the rest of it");
    require(again->lock_delay == std::max(record.lock_delay, milliseconds{0}), "and its delay");
    require(core::lock_delay_of(bytes) ==
                std::min<Duration>(std::max(record.lock_delay, milliseconds{0}),
                                   core::longest_lock_delay),
            "which is found without protobuf, too");
    check_shown(bytes);
}

void run(std::string_view input) {
    Script script(input);
    const std::string_view name = script.text();
    const std::string_view bytes = script.rest();
    check_shown(bytes);
    check_marks(bytes, name);
    if (const auto record = detail::decode_record(bytes)) {
        check_again(*record);
    }
    Script fields(bytes);
    const ContenderRecord made{.owner = std::string(fields.text()),
                               .budget = milliseconds{1 + fields.bits(4)},
                               .trace_id = std::string(fields.text()),
                               .lock_delay = milliseconds{fields.bits(3)},
                               .payload = std::string(fields.rest())};
    if (core::is_utf8(made.owner) && core::is_utf8(made.trace_id) && core::is_utf8(made.payload)) {
        check_again(made);
    }
}

LEASEHOLD_FUZZ_TARGET(lock_record, run)

}  // namespace
}  // namespace leasehold::fuzz
