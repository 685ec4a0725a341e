#pragma once
// The API's services as its documents describe them. Not kycd's own table: two tables that agree prove something.

#include <string>
#include <string_view>
#include <vector>

namespace kyc::sandbox {

enum class text_kind { uuid, name, date };

struct text_field {
    std::string name;
    text_kind kind;
};

struct service {
    std::string name; ///< also the path below /api/v3/services/
    std::vector<std::string> files;
    std::vector<text_field> texts;
    bool extend_data = true;
    bool bare = false; ///< the outcome's documented form
};

[[nodiscard]] const std::vector<service>& all_services();

/// None: nullptr.
[[nodiscard]] const service* find_service(std::string_view name);

} // namespace kyc::sandbox
