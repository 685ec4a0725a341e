#pragma once
// How a case is named everywhere inside kycd.

#include "core/lane.hpp"

#include <compare>
#include <string>
#include <utility>

namespace kyc {

/// The folder below inbox/ as the producer spelled it (it may be an alias such as "liveness"), and the case's name.
/// `name` is what the folder in work/, outbox/ and failed/ is called: for a bad name it is percent-encoded already. A
/// case that is verified again may have the name of one that was just dropped: the lane tells the two apart.
struct case_key {
    std::string folder;
    std::string name;
    kyc::lane lane = kyc::lane::live;

    case_key() = default;

    case_key(std::string folder_, std::string name_, kyc::lane lane_ = kyc::lane::live)
        : folder(std::move(folder_)), name(std::move(name_)), lane(lane_) {}

    auto operator<=>(const case_key&) const = default;
};

} // namespace kyc
