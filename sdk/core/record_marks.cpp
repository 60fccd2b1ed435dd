#include "sdk/core/record_marks.hpp"

namespace leasehold::core {

namespace {

std::string_view without_running(std::string_view record) {
    return is_running(record) ? record.substr(0, record.size() - running_mark.size()) : record;
}

}  // namespace

bool is_running(std::string_view record) {
    return record.ends_with(running_mark);
}

bool is_asked(std::string_view data) {
    return data == curator_revocation || without_running(data).ends_with(asked_mark);
}

std::string with_request(std::string_view record) {
    if (is_asked(record)) {
        return std::string(record);
    }
    std::string marked(without_running(record));
    marked += asked_mark;
    marked += is_running(record) ? running_mark : std::string_view{};
    return marked;
}

}  // namespace leasehold::core
