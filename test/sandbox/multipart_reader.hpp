#pragma once
// multipart/form-data read as Django 3.2 reads it. Written apart from the client's writer, so that neither hides the
// other's mistakes.

#include <boost/system/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::sandbox {

struct form_part {
    std::string name;
    std::optional<std::string> filename; ///< without directories; none: a text part (also when it came empty)
    std::string_view bytes;              ///< into the body
};

/// A form; of repeated fields the last one counts.
class form {
  public:
    std::vector<form_part> parts;

    [[nodiscard]] const form_part* find(std::string_view name) const;
};

/// The error is the API's own text ("Multipart form parse error - …"). A part that has no name, or more than 1024 bytes
/// of headers, is skipped; a body that ends inside a part leaves that part cut, as Django does.
[[nodiscard]] boost::system::result<form, std::string> read_multipart(std::string_view content_type,
                                                                      std::string_view body);

} // namespace kyc::sandbox
