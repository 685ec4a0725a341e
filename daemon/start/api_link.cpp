#include "start/api_link.hpp"

#include "config/secrets.hpp"
#include "log/log.hpp"
#include "net/proxy.hpp"
#include "net/url.hpp"
#include "version.hpp"

#include <cstdlib>

namespace kyc {

namespace {

boost::system::result<progeny::credentials, std::string> read_credentials(const api_settings& api) {
    auto username = read_secret(api.username);
    if (!username) return "api.credentials.username: " + username.error();
    auto password = read_secret(api.password);
    if (!password) return "api.credentials.password: " + password.error();
    return progeny::credentials{std::move(*username), std::move(*password)};
}

/// What limits.uploads and limits.polls may be at most.
constexpr std::size_t largest_limit = 1024;

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

void log_notice(const progeny::notice& news) {
    using kind = progeny::notice::kind;
    switch (news.what) {
    case kind::token_renewed:
        log::debug(news.message);
        break;
    case kind::credentials_accepted:
    case kind::token_again:
    case kind::host_up:
    case kind::service_resumed:
    case kind::repeats_allowed:
    case kind::unpaced:
        log::info(news.message);
        break;
    case kind::host_down:
        log::warning("the API is down, all calls wait but a probe now and then, and no case is charged: " +
                     news.message);
        break;
    case kind::no_token:
        log::warning("the API gives no token, all calls wait and the login is tried again with backoff: " +
                     news.message);
        break;
    case kind::service_paused:
    case kind::repeats_held_back:
    case kind::paced:
        log::warning(news.message);
        break;
    case kind::credentials_refused:
        log::error(news.message);
        break;
    }
}

/// What the client is told, with the secrets read now.
boost::system::result<net::http_client_settings, std::string> client_settings(const settings& config,
                                                                              const net::url& address) {
    const auto& api = config.api;
    net::http_client_settings client;
    client.host = address.host;
    client.port = address.port;
    client.ca_file = api.ca_file;
    if (const auto& wanted = api.client_certificate) {
        auto certificate = read_secret(wanted->certificate);
        if (!certificate) return "api.client_certificate.certificate: " + certificate.error();
        auto key = read_secret(wanted->key);
        if (!key) return "api.client_certificate.key: " + key.error();
        client.client_certificate_pem = std::string(certificate->reveal());
        client.client_key_pem = std::move(*key);
    }
    client.proxy = api.proxy;
    if (!client.proxy) client.proxy = net::proxy_from_environment(address.host, environment, address.port);
    client.timeouts = api.timeouts;
    // What is open at a time is bounded by the permits, whose limits a reload may change; this is their largest sum.
    client.max_connections = 2 * largest_limit + 1;
    client.threads = config.threads;
    client.user_agent = std::string("kycd/") + version;
    return client;
}

} // namespace

boost::system::result<api_link, std::string> make_api_link(const boost::asio::any_io_executor& loop,
                                                           const std::shared_ptr<const settings>& config) {
    const auto address = net::parse_https_url(config->api.base_url);
    if (!address) return "api.base_url: " + address.error();
    auto client = client_settings(*config, *address);
    if (!client) return client.error();

    api_link link;
    link.where = net::to_authority(address->host, address->port, 443) + (client->proxy ? " through a proxy" : "");
    auto made = net::make_https_client(loop, std::move(*client));
    if (!made) return "api: " + made.error();
    link.client = std::move(*made);

    progeny::api_options options;
    options.base_path = address->path;
    options.retry = config->retry;
    options.read_credentials = [&config]() { return read_credentials(config->api); };
    options.notify = log_notice;
    link.api = progeny::make_https_api(loop, *link.client, std::move(options));
    // Each login reads them anew, so a file that comes later is good enough; but the first case should not be who finds
    // out.
    if (const auto readable = read_credentials(config->api); !readable)
        log::error(readable.error() + "; every case waits until it is mended, and 'kycd check' tries it");
    return link;
}

boost::system::result<void, std::string> reload_api_link(api_link& link, const settings& config) {
    const auto address = net::parse_https_url(config.api.base_url);
    if (!address) return "api.base_url: " + address.error();
    if (const auto readable = read_credentials(config.api); !readable) return readable.error();
    auto client = client_settings(config, *address);
    if (!client) return client.error();
    if (const auto done = link.client->reconfigure(std::move(*client)); !done) return "api: " + done.error();
    link.api->set_retry(config.retry);
    link.api->try_again();
    return {};
}

} // namespace kyc
