#include "sdk/cli/trouble.hpp"

#include <string_view>
#include <utility>

namespace leasehold::cli {
namespace {

std::string field_of(const LogRecord& record, std::string_view name) {
    for (const LogField& field : record.fields) {
        if (field.name == name) {
            return std::string(field.value);
        }
    }
    return {};
}

/// How an attempt to connect failed, if the record is of one.
std::optional<errc> code_of_attempt(const LogRecord& record) {
    if (field_of(record, "server").empty()) {
        return std::nullopt;
    }
    if (record.event == "tls_failed") {
        return errc::tls_failed;
    }
    if (record.event == "auth_failed") {
        return errc::auth_failed;
    }
    return record.event == "connect_failed" ? std::optional(errc::no_server) : std::nullopt;
}

}  // namespace

void Trouble::operator()(const LogRecord& record) {
    const std::scoped_lock lock(x_mutex);
    if (record.event == "session_opened" || record.event == "session_reattached") {
        x_last.reset();
    } else if (record.event == "protocol_error") {
        x_last = Report{errc::protocol_error, field_of(record, "what")};
    } else if (x_last && x_last->code == errc::protocol_error) {
        return;  // what follows is only that the attempt failed
    } else if (const auto code = code_of_attempt(record)) {
        x_last = Report{*code, field_of(record, "server") + ": " + field_of(record, "why")};
    } else if (record.event == "resolve_failed") {
        x_last = Report{errc::no_server, "no host of the connect string could be resolved"};
    }
}

std::optional<Trouble::Report> Trouble::last() const {
    const std::scoped_lock lock(x_mutex);
    return x_last;
}

}  // namespace leasehold::cli
