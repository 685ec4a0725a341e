#include "sandbox/api.hpp"

#include "sandbox/answers.hpp"
#include "sandbox/digest.hpp"
#include "sandbox/multipart_reader.hpp"
#include "sandbox/validation.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/system/result.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace kyc::sandbox {

namespace {

namespace json = boost::json;

reply unauthorized(world& in, reply out, const std::string& code) {
    out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"api\"");
    ++in.numbers.refusals[code];
    return out;
}

reply unauthorized(world& in, std::string_view detail, std::string_view code = {}) {
    return unauthorized(in, detail_reply(401, detail, code), code.empty() ? "none" : std::string(code));
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/// None: the caller may pass.
std::optional<reply> authenticate(world& in, const request& asked, time_point now) {
    std::vector<std::string_view> words;
    auto rest = asked.header("Authorization").value_or(std::string_view{});
    while (!rest.empty()) {
        const auto blank = std::find_if(rest.begin(), rest.end(), is_blank);
        const auto length = static_cast<std::size_t>(blank - rest.begin());
        if (length > 0) words.push_back(rest.substr(0, length));
        rest.remove_prefix(std::min(rest.size(), length + 1));
    }
    if (words.empty() || words.front() != "Bearer")
        return unauthorized(in, "Authentication credentials were not provided.");
    if (words.size() != 2)
        return unauthorized(in, "Authorization header must contain two space-delimited values",
                            "bad_authorization_header");
    const auto problem = in.tokens.judge_access(words[1], now);
    if (problem.empty()) return std::nullopt;
    const json::object body{
        {"detail", "Given token not valid for any token type"},
        {"code", "token_not_valid"},
        {"messages",
         json::array{json::object{{"token_class", "AccessToken"}, {"token_type", "access"}, {"message", problem}}}}};
    return unauthorized(in, json_reply(401, body), "token_not_valid");
}

bool accepts_json(std::string_view accept) {
    for (const std::string_view good : {"*/*", "application/*", "application/json"})
        if (accept.find(good) != std::string_view::npos) return true;
    return accept.empty();
}

/// The form, or the 415 or 400 that it deserves. `has_form` false: nothing was sent at all.
boost::system::result<form, reply> read_form(const request& asked, bool& has_form) {
    const auto type = asked.header("Content-Type").value_or(std::string_view{});
    const bool multipart = same_ignoring_case(type.substr(0, type.find(';')), "multipart/form-data");
    has_form = multipart;
    // Without a Content-Length a WSGI server hands over an empty stream: an empty form, whatever was sent.
    if (!asked.has_length || asked.body.empty()) return form{};
    if (!multipart) return detail_reply(415, "Unsupported media type \"" + std::string(type) + "\" in request.");
    auto read = read_multipart(type, asked.body);
    if (!read) return detail_reply(400, read.error());
    return std::move(*read);
}

reply obtain(world& in, const form& given, const interference& changes, time_point now) {
    json::object complaints;
    for (const auto* field : {"username", "password"})
        if (const auto complaint = text_complaint(given.find(field), text_kind::name))
            complaints[field] = json::array{json::value(*complaint)};
    if (!complaints.empty()) return json_reply(400, complaints);
    const bool good = given.find("username")->bytes == in.username && given.find("password")->bytes == in.password &&
                      !changes.refuse_login;
    if (!good) return unauthorized(in, "No active account found with the given credentials");
    ++in.numbers.obtained;
    const auto pair = in.tokens.issue(in.rules.lifetimes, now);
    return json_reply(200, json::object{{"refresh", pair.refresh}, {"access", pair.access}});
}

reply refresh(world& in, const form& given, time_point now) {
    const auto* token = given.find("refresh");
    if (const auto complaint = text_complaint(token, text_kind::name))
        return json_reply(400, json::object{{"refresh", json::array{json::value(*complaint)}}});
    const auto pair = in.tokens.refresh(token->bytes, in.rules.lifetimes, in.rules.blacklist, now);
    if (!pair) return unauthorized(in, pair.error(), "token_not_valid");
    ++in.numbers.refreshed;
    return json_reply(200, json::object{{"access", pair->access}, {"refresh", pair->refresh}});
}

std::string asked_answer(const form& given, const std::string& fallback) {
    for (const auto& part : given.parts) {
        if (auto name = marker_in(part.bytes); !name.empty() && name != "pass") return name;
        if (part.name == "fullname" && part.bytes.find("SANDBOX MATCH") != std::string_view::npos)
            return "potential_match";
    }
    for (const auto& part : given.parts)
        if (marker_in(part.bytes) == "pass") return "pass";
    return fallback;
}

reply submit(world& in, const service& target, const form& given, const request& asked, bool has_form,
             const interference& changes, time_point now) {
    const auto complaints = complaints_about(given, target, has_form, in.rules.strict_extend_data);
    if (!complaints.empty()) return json_reply(400, complaints);
    const auto answer = changes.task_answer.empty() ? asked_answer(given, in.rules.answer) : changes.task_answer;
    // Loud, because a typing mistake in a test would otherwise pass.
    if (!is_answer(answer))
        return detail_reply(400, "kycd-sandbox knows no answer '" + answer + "'; it knows " + answer_names());

    bill_entry entry;
    entry.service = target.name;
    entry.bytes = asked.body.size();
    entry.reply_lost = changes.reply_lost;
    std::string texts;
    for (const auto& part : given.parts) {
        if (part.filename) {
            entry.files.push_back({part.name, *part.filename, part.bytes.size(), sha256_hex(part.bytes)});
        } else {
            entry.fields.push_back(part.name);
            texts += part.name + "=" + std::string(part.bytes) + "\n";
        }
    }
    entry.texts_sha256 = sha256_hex(texts);

    answer_facts facts;
    facts.seed = entry.files.empty() ? entry.texts_sha256 : entry.files.back().sha256;
    if (const auto* extend = given.find("extend_data"); extend != nullptr && target.extend_data)
        facts.extend_data = read_boolean(extend->bytes).value_or(false);
    if (target.name == "register_face")
        facts.registered_uuid = time_uuid(static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count() / 100));
    if (const auto* uuid = given.find("uuid"); uuid != nullptr && target.name == "authenticate_face") {
        std::string canonical;
        facts.known_face = read_uuid(uuid->bytes, canonical) && in.tasks.knows_face(canonical);
    }
    auto end = make_outcome(target, answer, facts, in.rules.form);
    const bool registers = target.name == "register_face" && (answer == "pass" || answer == "double_encoded");
    entry.task = in.tasks.start(std::move(end), in.rules, registers ? facts.registered_uuid : std::string{}, now);
    in.invoices.add(entry, iso_time(now));
    ++in.numbers.submits[target.name];
    return json_reply(200, json::object{{"id", entry.task}});
}

reply method_not_allowed(const request& asked) {
    return detail_reply(405, "Method \"" + asked.method + "\" not allowed.");
}

reply judged(world& in, const request& asked, const call& of, const interference& changes, time_point now) {
    const bool account = of.kind == call_kind::obtain || of.kind == call_kind::refresh;
    if (!account) {
        if (auto refused = authenticate(in, asked, now)) return std::move(*refused);
        if (changes.user_inactive) return unauthorized(in, "User is inactive", "user_inactive");
    }
    if (changes.throttled) return *changes.throttled;
    if (asked.method == "OPTIONS")
        return json_reply(200, json::object{{"name", "Sandbox"},
                                            {"description", ""},
                                            {"renders", json::array{"application/json", "text/html"}},
                                            {"parses", json::array{"multipart/form-data"}}});
    if (of.kind == call_kind::poll) {
        if (asked.method != "GET" && asked.method != "HEAD") return method_not_allowed(asked);
        return in.tasks.poll(asked.parameter("id").value_or(std::string{}), in.rules, now);
    }
    if (asked.method != "POST") return method_not_allowed(asked);
    bool has_form = false;
    const auto given = read_form(asked, has_form);
    if (!given) return given.error();
    if (of.kind == call_kind::obtain) return obtain(in, *given, changes, now);
    if (of.kind == call_kind::refresh) return refresh(in, *given, now);
    return submit(in, *of.target, *given, asked, has_form, changes, now);
}

} // namespace

std::string iso_time(time_point at) {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
    const std::time_t seconds = since / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    char rest[8];
    std::snprintf(rest, sizeof rest, ".%03dZ", static_cast<int>(since % 1000));
    return std::string(text, size) + rest;
}

reply answer_call(world& in, const request& asked, const call& of, const interference& changes, time_point now) {
    if (of.kind == call_kind::other)
        return django_page(404, "Not Found", "The requested resource was not found on this server.");
    if (!asked.path.ends_with('/')) {
        reply out;
        out.status = 301;
        out.content_type = "text/html; charset=utf-8";
        out.headers.emplace_back("Location", asked.path + "/" + (asked.query.empty() ? "" : "?" + asked.query));
        return out;
    }
    const auto accept = asked.header("Accept").value_or(std::string_view{});
    const bool browsable = !accepts_json(accept) && accept.find("text/html") != std::string_view::npos;
    auto out = accepts_json(accept) || browsable ? judged(in, asked, of, changes, now)
                                                 : detail_reply(406, "Could not satisfy the request Accept header.");
    if (browsable && out.content_type == "application/json") {
        out.content_type = "text/html; charset=utf-8";
        out.body = "<!DOCTYPE html>\n<html><body><pre>" + out.body + "</pre></body></html>\n";
    }
    if (out.status < 500) {
        const bool poll = of.kind == call_kind::poll;
        out.headers.emplace_back("Vary", "Accept");
        out.headers.emplace_back("Allow", poll ? "GET, HEAD, OPTIONS" : "POST, OPTIONS");
        out.headers.emplace_back("X-Frame-Options", "DENY");
    }
    out.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return out;
}

} // namespace kyc::sandbox
