#include "tests/support/proxy_verdict.hpp"

#include <memory>
#include <utility>

namespace leasehold::support {

Judge first_time(std::function<bool(const ProxyFrame&)> applies, Verdict verdict) {
    auto is_done = std::make_shared<bool>(false);
    return [applies = std::move(applies), verdict, is_done](const ProxyFrame& frame) {
        if (*is_done || !applies(frame)) {
            return Verdict::forward;
        }
        *is_done = true;
        return verdict;
    };
}

Judge on_request(wire::Opcode op, Verdict verdict) {
    return first_time([op](const ProxyFrame& frame) { return frame.is_request(op); }, verdict);
}

Judge on_reply(wire::Opcode op, Verdict verdict) {
    return first_time([op](const ProxyFrame& frame) { return frame.is_reply(op); }, verdict);
}

}  // namespace leasehold::support
