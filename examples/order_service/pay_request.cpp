#include "pay_request.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace order_service {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t shortest_budget_ms = 50;
constexpr std::int64_t largest_amount = 1'000'000'000'000;

Json object_in(std::string_view body, std::string& why) {
    Json json = Json::parse(body, nullptr, false);
    if (!json.is_object()) {
        why = "the body has to be a JSON object";
        return nullptr;
    }
    return json;
}

/// False, and `why`, unless it is an integer within the bounds; missing is fine with a default.
bool read(const Json& json, const char* name, std::int64_t lowest, std::int64_t highest,
          std::int64_t& value, std::string& why) {
    const auto found = json.find(name);
    if (found == json.end() && value >= lowest) {
        return true;
    }
    if (found == json.end() || !found->is_number_integer() || *found < lowest || *found > highest) {
        why = std::string("'") + name + "' has to be an integer from " + std::to_string(lowest) +
              " to " + std::to_string(highest);
        return false;
    }
    value = found->get<std::int64_t>();
    return true;
}

}  // namespace

std::optional<PayRequest> parse_pay_request(std::string_view body, const Settings& settings,
                                            std::string& why) {
    const Json json = object_in(body, why);
    std::int64_t amount = 1;
    std::int64_t budget = settings.default_budget.count();
    std::int64_t wait = settings.default_wait.count();
    if (json.is_null() || !read(json, "amount_cents", 1, largest_amount, amount, why) ||
        !read(json, "budget_ms", shortest_budget_ms, settings.max_budget.count(), budget, why) ||
        !read(json, "wait_ms", 0, settings.max_wait.count(), wait, why)) {
        return std::nullopt;
    }
    PayRequest request;
    request.budget = milliseconds(budget);
    request.wait = milliseconds(wait);
    if (json.contains("amount_cents")) {
        request.amount_cents = amount;
    }
    return request;
}

std::optional<std::int64_t> parse_order(std::string_view body, std::string& why) {
    const Json json = object_in(body, why);
    std::int64_t amount = 0;
    if (json.is_null() || !read(json, "amount_cents", 1, largest_amount, amount, why)) {
        return std::nullopt;
    }
    return amount;
}

bool is_order_id(std::string_view text) {
    const auto is_good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), is_good);
}

}  // namespace order_service
