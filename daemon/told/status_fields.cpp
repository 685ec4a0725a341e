#include "told/status_fields.hpp"

namespace kyc {

std::string text_in(const boost::json::object& from, std::string_view key) {
    const auto* text = string_member(from, key);
    return text != nullptr ? std::string(view_of(*text)) : std::string();
}

std::uint64_t number_in(const boost::json::object& from, std::string_view key) {
    const auto* value = member(from, key);
    const auto number = value != nullptr ? integer_of(*value) : std::nullopt;
    return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
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
