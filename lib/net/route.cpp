#include "net/route.hpp"

#include "net/url.hpp"

#include <utility>

namespace kyc::net {

route::route(http_client_settings settings_, std::optional<proxy_address> proxy_, std::unique_ptr<tls_context> tls_)
    : settings(std::move(settings_)), proxy(std::move(proxy_)), tls(std::move(tls_)) {}

result<std::shared_ptr<const route>, std::string> make_route(http_client_settings settings) {
    std::optional<proxy_address> proxy;
    if (settings.proxy) {
        auto parsed = parse_proxy(*settings.proxy);
        if (!parsed) return "the proxy cannot be used: " + parsed.error();
        proxy = std::move(*parsed);
    }
    auto tls = tls_context::make(settings.ca_file, settings.client_certificate_pem, settings.client_key_pem);
    if (!tls) return tls.error();
    settings.host = lower_case(settings.host);
    return std::make_shared<const route>(std::move(settings), std::move(proxy), std::move(*tls));
}

} // namespace kyc::net
