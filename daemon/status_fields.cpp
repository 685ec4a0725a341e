#include "status_fields.hpp"

namespace kyc {

std::string text_in(const boost::json::object& from, std::string_view key) {
    const auto* text = string_member(from, key);
    return text != nullptr ? std::string(view_of(*text)) : std::string();
}

std::vector<const boost::json::object*> objects_in(const boost::json::object& from, std::string_view key) {
    std::vector<const boost::json::object*> found;
    const auto* list = member(from, key);
    if (list == nullptr || !list->is_array()) return found;
    for (const auto& each : list->get_array())
        if (const auto* one = each.if_object()) found.push_back(one);
    return found;
}

} // namespace kyc
