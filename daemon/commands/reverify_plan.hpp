#pragma once
// A ticket's plan as text and as JSON.

#include "core/json_writer.hpp"
#include "reverify/ticket_plan.hpp"

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>

namespace kyc {

/// A table and some lines.
void print_plan(std::ostream& out, const ticket& asked, const reverify::ticket_plan& plan, const settings& config);

/// kycd.reverify/1: a plan, or a ticket that was dropped (`file`), without what a plan alone knows.
[[nodiscard]] std::string reverify_json(const ticket& asked, const std::string& text,
                                        const std::optional<reverify::ticket_plan>& plan,
                                        const std::filesystem::path& file);

} // namespace kyc
