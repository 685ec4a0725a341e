#include "config/admin_access.hpp"

#include "config/secrets.hpp"

#include <algorithm>

namespace kyc {

namespace {

/// Whoever listens may try as often as the network lets it.
constexpr std::size_t shortest_token = 16;

} // namespace

boost::system::result<admin::http_access, std::string> read_admin_access(const settings& config,
                                                                         std::optional<gid_t> group) {
    admin::http_access access;
    access.group = group;
    if (config.admin.listen) access.where = parse_listen_address(*config.admin.listen);
    if (config.admin.token.from == secret_ref::source::none) return access;
    auto token = read_secret(config.admin.token);
    if (!token) return "admin.token: " + token.error();
    const auto text = token->reveal();
    // What a header cannot carry could never be shown.
    const auto can_be_sent = [](char c) { return c > ' ' && c < '\x7f'; };
    if (text.size() < shortest_token || !std::all_of(text.begin(), text.end(), can_be_sent))
        return "admin.token: a token has at least 16 printable ASCII characters and no spaces; make one with: openssl "
               "rand -hex 32";
    access.token = std::move(*token);
    return access;
}

} // namespace kyc
