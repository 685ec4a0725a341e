#pragma once
// The calls below /sandbox/: what a test asks and tells the sandbox. No authentication: they exist on this server only.

#include "sandbox/http_message.hpp"
#include "sandbox/world.hpp"

namespace kyc::sandbox {

[[nodiscard]] bool is_control_path(std::string_view path);

[[nodiscard]] reply answer_control(world& in, const request& asked);

} // namespace kyc::sandbox
