#pragma once
// How a case is named everywhere inside kycd.

#include <compare>
#include <string>

namespace kyc {

/// The folder below inbox/ as the producer spelled it (it may be an alias such as "liveness"), and the case's name.
/// `name` is what the folder in work/, outbox/ and failed/ is called: for a bad name it is percent-encoded already.
struct case_key {
    std::string folder;
    std::string name;

    case_key() = default;

    case_key(std::string folder_, std::string name_) : folder(std::move(folder_)), name(std::move(name_)) {}

    auto operator<=>(const case_key&) const = default;
};

} // namespace kyc
