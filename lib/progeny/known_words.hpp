#pragma once
// Sentences of the software before and behind the API that are the same for everybody, so that they may be logged.

#include <string_view>

namespace kyc::progeny {

/// The known sentence that a `detail` begins with, without what follows it; empty when there is none. Any other text
/// may name what was sent, or what was read in a picture.
[[nodiscard]] std::string_view known_detail(std::string_view detail);

/// The title of a gateway's own page, "400 No required SSL certificate was sent", when it is one that is known; else
/// empty.
[[nodiscard]] std::string_view known_title(std::string_view title);

} // namespace kyc::progeny
