#include "wire.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace payment_gateway {
namespace {

using Json = nlohmann::json;

constexpr std::size_t max_payment_id = 128;

/// An object, or null.
Json object_in(std::string_view text, std::string& why) {
    Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        why = "the body is no JSON object";
        return nullptr;
    }
    return json;
}

bool read_payment(const Json& json, std::string& payment, std::string& why) {
    const auto found = json.find("payment");
    if (found == json.end() || !found->is_string() ||
        !is_payment_id(found->get_ref<const std::string&>())) {
        why = "'payment' has to be 1 to 128 letters, digits and ._:-";
        return false;
    }
    payment = found->get<std::string>();
    return true;
}

bool read_amount(const Json& json, std::int64_t& amount, std::string& why) {
    const auto found = json.find("amount_cents");
    if (found == json.end() || !found->is_number_integer() || *found < 1 ||
        *found > 1'000'000'000'000) {
        why = "'amount_cents' has to be an integer from 1 to 1000000000000";
        return false;
    }
    amount = found->get<std::int64_t>();
    return true;
}

}  // namespace

bool is_payment_id(std::string_view text) {
    const auto is_good = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == ':' || c == '-';
    };
    return !text.empty() && text.size() <= max_payment_id &&
           std::all_of(text.begin(), text.end(), is_good);
}

std::string to_json(const Charge& charge) {
    return Json{{"payment", charge.payment}, {"amount_cents", charge.amount_cents}}.dump();
}

std::string to_json(const Receipt& receipt) {
    return Json{{"payment", receipt.payment},
                {"receipt", receipt.receipt},
                {"amount_cents", receipt.amount_cents},
                {"repeated", receipt.is_repeated}}
        .dump();
}

std::optional<Charge> parse_charge(std::string_view text, std::string& why) {
    const Json json = object_in(text, why);
    Charge charge;
    if (json.is_null() || !read_payment(json, charge.payment, why) ||
        !read_amount(json, charge.amount_cents, why)) {
        return std::nullopt;
    }
    return charge;
}

std::optional<Receipt> parse_receipt(std::string_view text, std::string& why) {
    const Json json = object_in(text, why);
    Receipt receipt;
    if (json.is_null() || !read_payment(json, receipt.payment, why) ||
        !read_amount(json, receipt.amount_cents, why)) {
        return std::nullopt;
    }
    const auto number = json.find("receipt");
    const auto repeated = json.find("repeated");
    if (number == json.end() || !number->is_string() || repeated == json.end() ||
        !repeated->is_boolean()) {
        why = "'receipt' or 'repeated' is missing";
        return std::nullopt;
    }
    receipt.receipt = number->get<std::string>();
    receipt.is_repeated = repeated->get<bool>();
    return receipt;
}

}  // namespace payment_gateway
