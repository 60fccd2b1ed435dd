// The exit codes of the tool: what a script can tell apart. Those from 64 to 78 are sysexits.h's,
// those from 124 on are timeout(1)'s and the shell's.
#pragma once

#include <leasehold/error.hpp>

#include <string>
#include <string_view>

namespace leasehold::cli::exit_code {

inline constexpr int success = 0;
inline constexpr int usage = 64;            ///< bad arguments, or a budget that cannot be honoured
inline constexpr int no_server = 69;        ///< no server could be reached, or none answered
inline constexpr int internal = 70;         ///< a fault of ours, or of this machine
inline constexpr int not_acquired = 75;     ///< somebody else had the lock; try again later
inline constexpr int protocol = 76;         ///< the server sent what ZooKeeper's protocol forbids
inline constexpr int not_permitted = 77;    ///< an ACL or the authentication refuses us
inline constexpr int tls = 78;              ///< no TLS connection that can be trusted
inline constexpr int budget = 124;          ///< the command ran into the end of its budget
inline constexpr int lock_lost = 125;       ///< the lock was lost while the command ran
inline constexpr int not_executable = 126;  ///< the command is there, but cannot be executed
inline constexpr int not_found = 127;       ///< there is no such command
inline constexpr int signal_base = 128;     ///< 128 + n: ended by signal n

/// The code with which the tool reports this error.
[[nodiscard]] int of(const Error& error);

/// What to do about an error, in one line; empty if there is nothing to add to its own text.
[[nodiscard]] std::string advice_for(const Error& error, std::string_view path);

/// The code for a command that execve() refused with this errno, as a shell has it.
[[nodiscard]] int of_exec_failure(int error_number);

}  // namespace leasehold::cli::exit_code
