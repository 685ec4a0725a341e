#pragma once
// Builds the way to the API from the settings: secrets read, proxy chosen, client and API joined.

#include "core/settings.hpp"
#include "net/http_client.hpp"
#include "progeny/https_api.hpp"

#include <boost/system/result.hpp>

#include <memory>
#include <string>

namespace kyc {

/// The API and the client it talks through, in their order of construction.
struct api_link {
    std::unique_ptr<net::http_client> client;
    std::unique_ptr<progeny::https_api> api;
    std::string where; ///< host and port, and the proxy if there is one, for the log
};

/// Reads the client certificate and the proxy from settings and environment. The credentials are read at each login,
/// from where `config` says at that time, so a rotated secret is picked up: `config` must outlive the link. The error
/// is a sentence that names the setting.
[[nodiscard]] boost::system::result<api_link, std::string> make_api_link(const boost::asio::any_io_executor& loop,
                                                                         const std::shared_ptr<const settings>& config);

/// Takes over what may change while kycd runs: credentials, CA file, client certificate, proxy, timeouts, retry rules.
/// Everything is read first, so a file that cannot be used changes nothing; the error names it. The base URL must be
/// the one that the link was made with.
[[nodiscard]] boost::system::result<void, std::string> reload_api_link(api_link& link, const settings& config);

} // namespace kyc
