// OpenSSL's errors in a person's words.
#pragma once

#include <leasehold/error.hpp>

#include <string>
#include <string_view>

namespace leasehold::net {

/// errc::tls_failed. Control characters may be in it: what a server sent is quoted.
[[nodiscard]] Error tls_error(std::string what);

/// The oldest error that OpenSSL has noted on this thread, as a packed code; forgets all of them.
/// 0 if there is none.
[[nodiscard]] unsigned long take_openssl_error();
/// "no start line", "No such file or directory": the reason alone.
[[nodiscard]] std::string reason_of(unsigned long error);

/// What an alert from the server, or bytes that are no TLS, mean to whoever set this client up.
[[nodiscard]] Error handshake_error(unsigned long error, bool shows_certificate);

/// The stream ended in the middle of the handshake.
[[nodiscard]] Error handshake_cut(std::string_view how);

}  // namespace leasehold::net
