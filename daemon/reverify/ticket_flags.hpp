#pragma once
// A ticket from the flags of `kycd reverify`: they are put down as a ticket's text and read like one, so that flags and
// files accept the same and say the same about anything else.

#include "config/options.hpp"
#include "core/service.hpp"
#include "core/ticket.hpp"

#include <boost/system/result.hpp>

#include <string>
#include <vector>

namespace kyc::reverify {

/// The ticket called `name`. The errors are sentences that name the flag. Reads the file of --names-from.
[[nodiscard]] boost::system::result<ticket, std::vector<std::string>>
ticket_of_flags(const reverify_options& options, const std::string& name, const service_table& services);

/// Whether a selection leaves something out at all.
[[nodiscard]] bool selects_everything(const ticket_selection& which);

} // namespace kyc::reverify
