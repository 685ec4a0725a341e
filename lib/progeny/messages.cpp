#include "progeny/messages.hpp"

#include "core/json_text.hpp"
#include "progeny/known_words.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace kyc::progeny {
namespace {

constexpr std::size_t longest_detail = 160;
constexpr std::size_t longest_place = 200;
constexpr std::size_t longest_title = 80;
constexpr std::size_t longest_error_body = 64 * 1024;

/// Text from outside on one line.
std::string one_line(std::string_view text) {
    std::string line(text);
    std::replace_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return line;
}

std::string short_text(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains({key.data(), key.size()});
    if (value == nullptr || !value->is_string()) return {};
    const auto& text = value->get_string();
    if (text.size() > longest_detail) return {};
    return one_line({text.data(), text.size()});
}

/// Host and path of a Location: a query or a user:password@ is nobody's business.
std::string place_of(std::string_view location) {
    location = location.substr(0, location.find_first_of("?#"));
    std::string scheme;
    if (const auto end = location.find("://"); end != std::string_view::npos) {
        scheme = location.substr(0, end + 3);
        location.remove_prefix(end + 3);
    } else if (location.substr(0, 2) == "//") {
        scheme = "//";
        location.remove_prefix(2);
    }
    if (!scheme.empty()) {
        const auto authority = location.substr(0, location.find('/'));
        if (const auto at = authority.rfind('@'); at != std::string_view::npos) location.remove_prefix(at + 1);
    }
    // What stands before "://" may be anything, and of any length.
    return one_line((scheme + std::string(location)).substr(0, longest_place));
}

/// What a gateway calls a page of its own: "400 No required SSL certificate was sent". Other titles may name what was
/// sent.
std::string title_of(std::string_view page, int status) {
    const auto begin = "<title>" + std::to_string(status) + ' ';
    const auto from = page.find(begin);
    if (from == page.npos) return {};
    page.remove_prefix(from + std::string_view("<title>").size());
    return one_line(page.substr(0, std::min(page.find('<'), longest_title)));
}

std::string_view amount(sent value) {
    switch (value) {
    case sent::nothing:
        return "before anything was sent";
    case sent::part:
        return "while the request was being sent";
    case sent::all:
        return "after the request was sent";
    }
    return "";
}

} // namespace

api_error read_error(std::string_view body) {
    if (body.size() > longest_error_body) return {};
    boost::json::error_code error;
    const auto parsed = boost::json::parse({body.data(), body.size()}, error);
    if (error || !parsed.is_object()) return {};
    return {short_text(parsed.get_object(), "detail"), short_text(parsed.get_object(), "code")};
}

bool is_page(const net::http_response& reply) {
    if (reply.status / 100 != 4 || reply.body.empty()) return false;
    std::string wrong;
    (void)parse_json(reply.body, wrong);
    return !wrong.empty();
}

bool is_unauthorised(const net::http_response& reply) {
    if (reply.status == 401) return true;
    return reply.status == 403 && read_error(reply.body).detail == "Authentication credentials were not provided.";
}

std::string describe(std::string_view call, const net::http_response& reply, call_kind kind) {
    const bool may_name_people = kind == call_kind::of_a_case;
    std::string text(call);
    text += ": HTTP " + std::to_string(reply.status);
    if (reply.status >= 300 && reply.status < 400) {
        text +=
            reply.location ? ", a redirect to " + place_of(*reply.location) : std::string(", a redirect to nowhere");
        text += ", which is never followed; check api.base_url and the service's path";
    }
    if (is_page(reply)) {
        text += ", a page instead of JSON";
        auto title = title_of(reply.body, reply.status);
        if (may_name_people) title = known_title(title);
        if (!title.empty()) text += " (\"" + title + "\")";
        text += "; something before the API said it, check api.client_certificate, api.base_url and the service's path";
    }
    const auto said = read_error(reply.body);
    // What a 400 says is about the values that were sent, and any other reply may repeat them, too: that is for
    // error.json, which keeps the body, but not for a log.
    if (said.detail.empty() || reply.status == 400) return text;
    if (!may_name_people) return text + ": " + said.detail;
    const auto known = known_detail(said.detail);
    return known.empty() ? text + ", with a detail" : text + ": " + std::string(known);
}

std::string describe(std::string_view call, const transport_error& error) {
    std::string text(call);
    text += ": " + std::string(to_string(error.problem)) + ' ' + std::string(amount(error.sent));
    if (!error.message.empty()) text += ": " + one_line(error.message);
    return text;
}

void scrub(std::string& text, std::string_view secret) {
    if (secret.empty()) return;
    constexpr std::string_view mask = "***";
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + mask.size())) {
        text.replace(at, secret.size(), mask);
    }
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        if (plain) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += digits[byte >> 4];
        encoded += digits[byte & 15u];
    }
    return encoded;
}

} // namespace kyc::progeny
