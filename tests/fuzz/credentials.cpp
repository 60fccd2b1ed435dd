// A file or variable with credentials: what is taken of it is what stands there, and no error
// quotes a secret.
#include "sdk/client/credentials.hpp"

#include "sdk/core/text.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace leasehold::fuzz {
namespace {

constexpr std::string_view where = "auth_file /x";

void run(std::string_view input) {
    const auto all = detail::parse_credentials(input, where);
    if (!all) {
        const std::string message = all.error().message();
        require(message.size() < 200, "no line is quoted");
        return;
    }
    std::string printed;
    for (const core::Credential& each : *all) {
        require(!each.scheme.empty() && each.scheme.find(' ') == std::string::npos &&
                    core::is_utf8(each.scheme),
                "a scheme is a word");
        require(!each.secret.text().empty() && input.find(each.secret.text()) != std::string::npos,
                "a secret is what stands there");
        printed += each.scheme + " " + std::string(each.secret.text()) + "\r\n";
    }
    const auto again = detail::parse_credentials(printed, where);
    require(again && std::equal(all->begin(), all->end(), again->begin(), again->end(),
                                [](const auto& left, const auto& right) {
                                    return left.scheme == right.scheme &&
                                           left.secret.text() == right.secret.text();
                                }),
            "printed, they read the same");
}

LEASEHOLD_FUZZ_TARGET(credentials, run)

}  // namespace
}  // namespace leasehold::fuzz
