#pragma once
// Invented people: the same seed always gives the same one, so that a repeated check finds nothing changed.

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

namespace kyc::sandbox {

struct person {
    std::string first_name;
    std::string last_name;
    std::string full_name;
    unsigned number = 0; ///< what else varies is made from it
};

struct document_state {
    bool valid = true;
    bool expired = false;
};

[[nodiscard]] person person_of(std::string_view hex_seed);

/// As an identity card is documented: snake_case, padded dates, empty strings for what is unknown.
[[nodiscard]] boost::json::object card_document(const person& who, const document_state& state);

/// As a passport is documented: camelCase, unpadded dates, None-None-None, the portrait on the development host.
[[nodiscard]] boost::json::object passport_document(const person& who, const document_state& state);

} // namespace kyc::sandbox
