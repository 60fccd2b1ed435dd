#include "sdk/cli/contender_list.hpp"

#include "sdk/cli/duration.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace leasehold::cli {
namespace {

constexpr std::size_t column_count = 10;
using Row = std::array<std::string, column_count>;

const Row heading{"POS", "STATE",  "OWNER",   "HOST", "PID",
                  "AGE", "BUDGET", "SESSION", "NODE", "KIND"};

std::string_view state_of(const ContenderInfo& contender) {
    return contender.is_held ? "held" : "waiting";
}

std::string or_dash(std::string text) {
    return text.empty() ? "-" : std::move(text);
}

Row row_of(std::size_t position, const ContenderInfo& contender) {
    return {std::to_string(position),
            std::string(state_of(contender)),
            or_dash(contender.owner),
            or_dash(contender.host),
            contender.pid == 0 ? "-" : std::to_string(contender.pid),
            format_age(std::max(contender.age, milliseconds{0})),
            contender.budget ? format_duration(*contender.budget) : "-",
            or_dash(contender.session),
            contender.node,
            std::string(to_string(contender.kind))};
}

/// In characters, as far as a terminal shows one column for each code point.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
    }));
}

void append_line(std::string& table, const Row& row,
                 const std::array<std::size_t, column_count>& widths) {
    for (std::size_t column = 0; column < column_count; ++column) {
        table += row[column];
        const bool is_last = column + 1 == column_count;
        const std::size_t padding = is_last ? 0 : widths[column] - width_of(row[column]) + 2;
        table.append(padding, ' ');
    }
    table += "\n";
}

using Json = nlohmann::ordered_json;

Json or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json json_of(std::size_t position, const ContenderInfo& contender) {
    Json object;
    object["position"] = position;
    object["state"] = state_of(contender);
    object["owner"] = or_null(contender.owner);
    object["host"] = or_null(contender.host);
    object["pid"] = contender.pid == 0 ? Json(nullptr) : Json(contender.pid);
    object["age_ms"] = contender.age.count();
    object["budget_ms"] = contender.budget ? Json(contender.budget->count()) : Json(nullptr);
    object["session"] = or_null(contender.session);
    object["node"] = contender.node;
    object["kind"] = to_string(contender.kind);
    object["sequence"] = contender.sequence;
    object["trace_id"] = or_null(contender.trace_id);
    return object;
}

}  // namespace

std::string to_table(std::span<const ContenderInfo> contenders) {
    std::vector<Row> rows{heading};
    for (const ContenderInfo& contender : contenders) {
        rows.push_back(row_of(rows.size() - 1, contender));
    }
    std::array<std::size_t, column_count> widths{};
    for (const Row& row : rows) {
        for (std::size_t column = 0; column < column_count; ++column) {
            widths[column] = std::max(widths[column], width_of(row[column]));
        }
    }
    std::string table;
    for (const Row& row : rows) {
        append_line(table, row, widths);
    }
    return table;
}

std::string to_json(std::span<const ContenderInfo> contenders) {
    Json array = Json::array();
    for (const ContenderInfo& contender : contenders) {
        array.push_back(json_of(array.size(), contender));
    }
    // Names of nodes are bytes; what is no UTF-8 in them is replaced, not refused.
    return array.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace leasehold::cli
