#include "core/lane.hpp"

namespace kyc {

std::string_view to_string(lane value) {
    return value == lane::bulk ? "bulk" : "live";
}

lane lane_from(std::string_view word) {
    return word == "bulk" ? lane::bulk : lane::live;
}

} // namespace kyc
