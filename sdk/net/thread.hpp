// Threads of the SDK: named, and deaf to signals, which belong to the application's own threads.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace leasehold::net {

/// Starts a thread on which every signal is blocked. The name is cut to 15 characters.
/// Throws std::system_error if there is no thread to be had.
[[nodiscard]] std::thread start_thread(std::string name, std::function<void()> body);

}  // namespace leasehold::net
