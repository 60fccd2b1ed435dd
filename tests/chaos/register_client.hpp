// The two registers that a lock protects in a chaos run: one asks for the fencing token, one does
// not.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace leasehold::chaos {

/// What was read: a version for each register.
struct Versions {
    std::optional<std::int64_t> fenced;  ///< nothing: the token was refused
    std::int64_t unfenced = 0;
};

/// One connection to the registers' process. Blocks; one thread at a time.
class RegisterClient {
public:
    /// `address` is host:port; `name` says in its records who asked.
    RegisterClient(const std::string& address, std::string name);

    /// Throws std::runtime_error if the registers are not there: a run without them shows nothing.
    [[nodiscard]] Versions read(const std::string& path, std::int64_t token);
    /// Writes what follows from `read`.
    void write(const std::string& path, std::int64_t token, const Versions& read);

private:
    [[nodiscard]] Versions ask(const std::string& line);

    boost::asio::ip::tcp::iostream x_stream;
    std::string x_name;
};

}  // namespace leasehold::chaos
