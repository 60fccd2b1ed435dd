// Why there is no connection: the SDK says it on its log only, once for each attempt.
#pragma once

#include <leasehold/error.hpp>
#include <leasehold/options.hpp>

#include <mutex>
#include <optional>
#include <string>

namespace leasehold::cli {

/// A log handler that remembers the last failed attempt to connect until one succeeds.
/// Thread safety: called on the client's callback thread, asked on any.
class Trouble {
public:
    struct Report {
        errc code;         ///< no_server, or protocol_error
        std::string text;  ///< safe to show: the log's texts are escaped
    };

    void operator()(const LogRecord& record);
    /// Nothing if there is a connection, or no attempt has failed yet.
    [[nodiscard]] std::optional<Report> last() const;

private:
    mutable std::mutex x_mutex;
    std::optional<Report> x_last;
};

}  // namespace leasehold::cli
