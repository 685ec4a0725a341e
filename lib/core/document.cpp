#include "core/date.hpp"
#include "core/json_fields.hpp"
#include "core/outcome.hpp"

#include <algorithm>
#include <initializer_list>

namespace kyc {
namespace {

namespace json = boost::json;

/// The first of the spellings that has something to say: the API writes one record in two flavours.
std::optional<std::string> first_of(const json::object& from, std::initializer_list<std::string_view> spellings) {
    for (const auto key : spellings) {
        if (auto text = text_member(from, key)) {
            return text;
        }
    }
    return std::nullopt;
}

std::optional<std::string> first_date(const json::object& from, std::initializer_list<std::string_view> spellings) {
    const auto text = first_of(from, spellings);
    return text ? normalise_date(*text) : std::nullopt;
}

bool has_any(const json::object& from, std::initializer_list<std::string_view> keys) {
    return std::any_of(keys.begin(), keys.end(), [&](std::string_view key) { return member(from, key) != nullptr; });
}

std::optional<std::string> flavour_of(const service& target, const json::object& from) {
    if (has_any(from, {"documentNumber", "firstName", "lastName"})) {
        return "passport";
    }
    if (has_any(from, {"card_number", "full_name"})) {
        return "card";
    }
    if (target.name.find("passport") != std::string::npos) {
        return "passport";
    }
    return target.name.find("card") != std::string::npos ? std::optional<std::string>{"card"} : std::nullopt;
}

} // namespace

std::optional<document> read_document(const service& target, const json::object& data) {
    const auto* from = object_member(data, "document");
    if (from == nullptr) {
        return std::nullopt;
    }
    document made;
    made.number = first_of(*from, {"card_number", "documentNumber", "document_number"});
    made.full_name = first_of(*from, {"full_name", "fullName"});
    made.first_name = first_of(*from, {"firstName", "first_name"});
    made.last_name = first_of(*from, {"lastName", "last_name"});
    made.date_of_birth = first_date(*from, {"date_of_birth", "dateOfBirth"});
    made.sex = first_of(*from, {"sex", "gender"});
    made.nationality = first_of(*from, {"nationality"});
    made.country = first_of(*from, {"country"});
    made.issued_on = first_date(*from, {"dateOfIssue", "date_of_issue"});
    made.expires_on = first_date(*from, {"dateOfExpiry", "date_of_expiry"});
    made.portrait_url = first_of(*from, {"portrait_url"});
    const auto fields = {&made.number,        &made.full_name,  &made.first_name,  &made.last_name,
                         &made.date_of_birth, &made.sex,        &made.nationality, &made.country,
                         &made.issued_on,     &made.expires_on, &made.portrait_url};
    if (std::none_of(fields.begin(), fields.end(), [](const auto* field) { return field->has_value(); })) {
        return std::nullopt;
    }
    made.type = flavour_of(target, *from);
    return made;
}

std::optional<background> read_background(const json::object& data) {
    const auto* from = object_member(data, "background_check");
    if (from == nullptr) {
        return std::nullopt;
    }
    background made;
    made.potential_match = bool_member(*from, "potential_match");
    made.risk_level = text_member(*from, "risk_level");
    if (const auto* total = member(*from, "total_matches")) {
        made.total_matches = integer_of(*total);
    }
    if (const auto* hits = member(*from, "hits")) {
        made.hits = *hits;
    }
    return made;
}

} // namespace kyc
