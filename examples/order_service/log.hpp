// One line of JSON on standard error for each thing that happened, of ours and of the SDK.
#pragma once

#include <leasehold/options.hpp>

#include <nlohmann/json.hpp>

#include <string_view>

namespace order_service {

/// Thread safety: any number of threads; lines do not mix.
void log(std::string_view level, std::string_view event, nlohmann::json fields);

/// What the client is given: leasehold::LogHandler refers to one that outlives it.
struct SdkLog {
    void operator()(const leasehold::LogRecord& record) const;
};

}  // namespace order_service
