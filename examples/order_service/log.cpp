#include "log.hpp"

#include <chrono>
#include <cstdio>
#include <string>

namespace order_service {

void log(std::string_view level, std::string_view event, nlohmann::json fields) {
    const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
    nlohmann::json line = {{"time", now.count()}, {"level", level}, {"event", event}};
    line.update(fields);
    const std::string text =
        line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
    std::fwrite(text.data(), 1, text.size(), stderr);  // unbuffered, and locked by the C library
}

void SdkLog::operator()(const leasehold::LogRecord& record) const {
    static constexpr const char* names[] = {"debug", "info", "warning", "error"};
    nlohmann::json fields = nlohmann::json::object();
    for (const leasehold::LogField& each : record.fields) {
        fields[std::string(each.name)] = each.value;
    }
    log(names[static_cast<std::size_t>(record.level)], "leasehold." + std::string(record.event),
        std::move(fields));
}

}  // namespace order_service
