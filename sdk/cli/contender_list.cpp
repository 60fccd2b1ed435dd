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

constexpr std::size_t column_count = 12;
using Row = std::array<std::string, column_count>;

const Row heading{"POS", "STATE",  "LOCK", "OWNER", "HOST", "PID",
                  "AGE", "BUDGET", "SESS", "TOKEN", "NODE", "KIND"};

using Contenders = std::span<const ContenderInfo>;

std::string_view lock_of(const ContenderInfo& contender) {
    switch (contender.lock_kind) {
        case LockKind::exclusive: return "exclusive";
        case LockKind::shared: return contender.is_downgraded ? "downgraded" : "shared";
        case LockKind::permit: return "permit";
        case LockKind::upgradable: return "upgradable";
    }
    return "exclusive";
}

/// Of a semaphore whose number of permits nobody knows.
bool is_unknown(const ContenderInfo& contender) {
    return !contender.is_held && contender.blocked_by.empty();
}

/// "after 0": waits until the one at position 0 has gone. "asked": holds, and is to let go.
std::string state_of(std::size_t position, Contenders contenders) {
    const ContenderInfo& contender = contenders[position];
    if (contender.is_held) {
        return contender.is_asked ? "asked" : "held";
    }
    if (is_unknown(contender)) {
        return "unknown";
    }
    for (std::size_t ahead = position; ahead-- > 0;) {
        if (contenders[ahead].node == contender.blocked_by) {
            return "after " + std::to_string(ahead);
        }
    }
    return "waiting";
}

bool is_inside_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

/// Its beginning and its number; what is between them, LOCK and KIND say.
std::string short_name(const std::string& node) {
    constexpr std::size_t digits = 10;
    constexpr std::string_view gap = "..";
    std::size_t head = 8;
    if (node.size() <= head + gap.size() + digits) {
        return node;
    }
    while (head > 0 && is_inside_character(node[head])) {
        --head;
    }
    return node.substr(0, head).append(gap).append(node, node.size() - digits);
}

std::string or_dash(std::string text) {
    return text.empty() ? "-" : std::move(text);
}

Row row_of(std::size_t position, Contenders contenders) {
    const ContenderInfo& contender = contenders[position];
    return {std::to_string(position),
            state_of(position, contenders),
            contender.lock_kind == LockKind::exclusive ? "excl" : std::string(lock_of(contender)),
            or_dash(contender.owner),
            or_dash(contender.host),
            contender.pid == 0 ? "-" : std::to_string(contender.pid),
            format_age(std::max(contender.age, milliseconds{0})),
            contender.budget ? format_duration(*contender.budget) : "-",
            or_dash(contender.session),
            contender.token == 0 ? "-" : std::to_string(contender.token),
            short_name(contender.node),
            std::string(to_string(contender.kind))};
}

/// In characters, as far as a terminal shows one column for each code point.
std::size_t width_of(std::string_view text) {
    return text.size() -
           static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_inside_character));
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
    object["state"] = contender.is_held       ? Json("held")
                      : is_unknown(contender) ? Json(nullptr)
                                              : Json("waiting");
    object["asked"] = contender.is_asked;
    object["lock"] = lock_of(contender);
    object["owner"] = or_null(contender.owner);
    object["host"] = or_null(contender.host);
    object["pid"] = contender.pid == 0 ? Json(nullptr) : Json(contender.pid);
    object["age_ms"] = contender.age.count();
    object["budget_ms"] = contender.budget ? Json(contender.budget->count()) : Json(nullptr);
    object["session"] = or_null(contender.session);
    object["node"] = contender.node;
    object["kind"] = to_string(contender.kind);
    object["sequence"] = contender.sequence;
    // As text: many a reader of JSON rounds numbers of 19 digits.
    object["token"] = contender.token == 0 ? Json(nullptr) : Json(std::to_string(contender.token));
    object["blocked_by"] = or_null(contender.blocked_by);
    object["trace_id"] = or_null(contender.trace_id);
    object["payload"] = or_null(contender.payload);
    return object;
}

}  // namespace

std::string to_table(std::span<const ContenderInfo> contenders) {
    std::vector<Row> rows{heading};
    for (std::size_t position = 0; position < contenders.size(); ++position) {
        rows.push_back(row_of(position, contenders));
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
