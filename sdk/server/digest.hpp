// The two things a ZooKeeper server computes from secrets: a digest identity, and the password of a
// session. Neither protects anything: the first is sent in clear, the second follows from a number
// that is no secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace leasehold::server {

/// "user:" and base64 of the SHA-1 of "user:password".
[[nodiscard]] std::string digest_id(std::string_view user_and_password);

/// Sixteen bytes of java.util.Random seeded with the session's id and a constant.
[[nodiscard]] std::string password_of(std::int64_t session);

}  // namespace leasehold::server
