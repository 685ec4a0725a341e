#include "sandbox/person.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace kyc::sandbox {

namespace {

constexpr std::array<std::string_view, 8> first_names{"ERIKA", "ANNA", "LEON", "ZOÉ", "MIRA", "JONAS", "AMIR", "SOFIA"};
constexpr std::array<std::string_view, 8> last_names{"MUSTERMANN", "SPECIMEN",  "MÜLLER", "EXAMPLE",
                                                     "MODELO",     "VOORBEELD", "PRÓBA",  "SAMPLE"};

std::string padded(unsigned number, std::size_t width) {
    auto out = std::to_string(number);
    return out.size() < width ? std::string(width - out.size(), '0') + out : out;
}

} // namespace

person person_of(std::string_view hex_seed) {
    person out;
    std::uint32_t number = 0;
    std::from_chars(hex_seed.data(), hex_seed.data() + std::min<std::size_t>(hex_seed.size(), 7), number, 16);
    out.number = number;
    out.first_name = first_names[number % first_names.size()];
    out.last_name = last_names[number / 8 % last_names.size()];
    out.full_name = out.first_name + " " + out.last_name;
    return out;
}

boost::json::object card_document(const person& who, const document_state& state) {
    const auto n = who.number;
    const auto portrait = "images/services/ocr_card/" + padded(n % 1'000'000'000U, 10) + ".jpg";
    const auto born = std::to_string(1950 + n % 50) + "-" + padded(1 + n / 3 % 12, 2) + "-" + padded(1 + n / 7 % 28, 2);
    const bool readable = state.valid;
    return {{"is_valid", state.valid},
            {"is_expired", state.expired},
            {"full_name", readable ? who.full_name : ""},
            {"date_of_birth", readable ? born : ""},
            {"card_number", readable ? "L" + padded(n % 100, 2) + "XM" + padded(n % 10'000, 4) : ""},
            {"country", readable ? "Germany" : ""},
            {"gender", ""},
            {"marital_status", ""},
            {"occupation", ""},
            {"religion", ""},
            {"portrait", portrait},
            {"portrait_url", "https://be.progeny.tech/media/" + portrait}};
}

boost::json::object passport_document(const person& who, const document_state& state) {
    const auto n = who.number;
    const auto portrait = "images/services/ocr_passport/" + padded(n % 1'000'000'000U, 10) + ".jpg";
    const auto day = "-" + std::to_string(1 + n / 3 % 12) + "-" + std::to_string(1 + n / 7 % 28);
    const bool readable = state.valid;
    const std::string none = "None-None-None";
    return {{"is_valid", state.valid},
            {"is_expired", state.expired},
            {"dateOfBirth", readable ? std::to_string(1960 + n % 40) + day : none},
            {"age", static_cast<std::int64_t>(25 + n % 40)},
            {"firstName", readable ? who.first_name : ""},
            {"lastName", readable ? who.last_name : ""},
            {"dateOfIssue", none},
            {"dateOfExpiry", readable ? (state.expired ? "2019" : "2039") + day : none},
            {"documentNumber", readable ? "CF" + padded(n % 1'000'000, 6) : ""},
            {"sex", n % 2 == 0 ? "F" : "M"},
            {"nationality", "GERMAN"},
            {"portrait", portrait},
            {"portrait_url", "https://dev.progeny.tech/media/" + portrait}};
}

} // namespace kyc::sandbox
