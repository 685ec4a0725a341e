#include "commands/check_report.hpp"

#include "core/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <iostream>

namespace kyc {

namespace json = boost::json;

namespace {

tone tone_of(const std::string& state) {
    return state == "ok" ? tone::good : state == "bad" ? tone::bad : tone::notice;
}

} // namespace

exit_code check_report::print(bool as_json, const painter& paint) const {
    if (as_json) {
        json::array all;
        for (const auto& each : lines_) {
            json::object entry;
            entry["state"] = each.state;
            entry["what"] = each.what;
            entry["detail"] = each.detail;
            all.push_back(std::move(entry));
        }
        std::cout << to_json_text(all) << "\n";
    } else {
        for (const auto& each : lines_)
            std::cout << paint(tone_of(each.state), each.state) << std::string(6 - each.state.size(), ' ') << each.what
                      << ": " << each.detail << "\n";
    }
    return code_;
}

} // namespace kyc
