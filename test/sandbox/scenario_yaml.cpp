#include "sandbox/scenario_yaml.hpp"

#include "core/units.hpp"
#include "sandbox/answers.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <yaml-cpp/yaml.h>

#include <functional>
#include <initializer_list>
#include <map>
#include <stdexcept>

namespace kyc::sandbox {

namespace {

using std::chrono::milliseconds;

/// Leaves the file by the shortest way; becomes the error text in the functions at the end.
[[noreturn]] void refuse(const YAML::Node& where, const std::string& why) {
    const auto mark = where.Mark();
    throw std::invalid_argument((mark.is_null() ? std::string{} : "line " + std::to_string(mark.line + 1) + ": ") +
                                why);
}

std::string text_of(const YAML::Node& node, const std::string& key) {
    if (!node.IsScalar()) refuse(node, key + ": expected a plain value");
    return node.Scalar();
}

bool boolean_of(const YAML::Node& node, const std::string& key) {
    const auto text = text_of(node, key);
    if (text == "true") return true;
    if (text == "false") return false;
    refuse(node, key + ": expected true or false");
}

std::uint64_t count_of(const YAML::Node& node, const std::string& key) {
    const auto text = text_of(node, key);
    if (text.empty() || text.size() > 12 || text.find_first_not_of("0123456789") != std::string::npos)
        refuse(node, key + ": expected a whole number");
    return std::stoull(text);
}

milliseconds duration_of(const YAML::Node& node, const std::string& key) {
    const auto read = parse_duration(text_of(node, key));
    if (!read) refuse(node, key + ": " + read.error());
    return *read;
}

using handlers = std::map<std::string, std::function<void(const YAML::Node&)>>;

void visit(const YAML::Node& map, const std::string& what, const handlers& known) {
    if (!map.IsMap()) refuse(map, what + ": expected keys with values");
    for (const auto& pair : map) {
        const auto key = pair.first.Scalar();
        const auto found = known.find(key);
        if (found != known.end()) {
            found->second(pair.second);
            continue;
        }
        std::string allowed;
        for (const auto& [name, handler] : known)
            allowed += (allowed.empty() ? "" : ", ") + name;
        refuse(pair.first, what + ": unknown key '" + key + "'; known are " + allowed);
    }
}

boost::json::value json_of(const YAML::Node& node, int depth = 0) {
    if (depth > 32) refuse(node, "json: nested too deep");
    if (node.IsSequence()) {
        boost::json::array out;
        for (const auto& item : node)
            out.push_back(json_of(item, depth + 1));
        return out;
    }
    if (node.IsMap()) {
        boost::json::object out;
        for (const auto& pair : node)
            out[pair.first.Scalar()] = json_of(pair.second, depth + 1);
        return out;
    }
    if (!node.IsScalar()) return nullptr;
    const auto& text = node.Scalar();
    if (node.Tag() == "!") return boost::json::value(text); // it was quoted
    if (text == "true") return true;
    if (text == "false") return false;
    if (text == "null" || text == "~" || text.empty()) return nullptr;
    try {
        std::size_t used = 0;
        const auto whole = std::stoll(text, &used);
        if (used == text.size()) return static_cast<std::int64_t>(whole);
        const auto number = std::stod(text, &used);
        if (used == text.size()) return number;
    } catch (const std::exception&) { // not a number, then
    }
    return boost::json::value(text);
}

missing_task missing_of(const YAML::Node& node, const std::string& key) {
    const auto text = text_of(node, key);
    if (text == "pending") return missing_task::pending;
    if (text == "404") return missing_task::not_found;
    if (text == "500") return missing_task::server_error;
    refuse(node, key + ": expected pending, 404 or 500");
}

void read_settings_into(const YAML::Node& map, settings& out) {
    const handlers known{
        {"access_lifetime", [&](const auto& n) { out.lifetimes.access = duration_of(n, "access_lifetime"); }},
        {"refresh_lifetime", [&](const auto& n) { out.lifetimes.refresh = duration_of(n, "refresh_lifetime"); }},
        {"blacklist", [&](const auto& n) { out.blacklist = boolean_of(n, "blacklist"); }},
        {"answer_after",
         [&](const auto& n) {
             const auto range = read_duration_range(text_of(n, "answer_after"));
             if (!range) refuse(n, "answer_after: " + range.error());
             std::tie(out.answer_after_min, out.answer_after_max) = *range;
         }},
        {"form",
         [&](const auto& n) {
             const auto text = text_of(n, "form");
             if (text == "wrapped")
                 out.form = reply_form::wrapped;
             else if (text == "bare")
                 out.form = reply_form::bare;
             else if (text == "as-documented")
                 out.form = reply_form::as_documented;
             else
                 refuse(n, "form: expected wrapped, bare or as-documented");
         }},
        {"unknown_task", [&](const auto& n) { out.unknown_task = missing_of(n, "unknown_task"); }},
        {"fresh_task", [&](const auto& n) { out.fresh_task = missing_of(n, "fresh_task"); }},
        {"fresh_for", [&](const auto& n) { out.fresh_for = duration_of(n, "fresh_for"); }},
        {"strict_extend_data", [&](const auto& n) { out.strict_extend_data = boolean_of(n, "strict_extend_data"); }},
        {"retry_state", [&](const auto& n) { out.retry_state = boolean_of(n, "retry_state"); }},
        {"answer",
         [&](const auto& n) {
             out.answer = text_of(n, "answer");
             if (!is_answer(out.answer)) refuse(n, "answer: expected one of " + answer_names());
         }},
    };
    visit(map, "settings", known);
}

rule_match match_of(const YAML::Node& map) {
    rule_match out;
    const handlers known{
        {"call",
         [&](const auto& n) {
             const auto text = text_of(n, "call");
             for (const auto kind : {call_kind::submit, call_kind::poll, call_kind::obtain, call_kind::refresh})
                 if (text == name_of(kind)) out.kind = kind;
             if (!out.kind) refuse(n, "call: expected submit, poll, obtain or refresh");
         }},
        {"service",
         [&](const auto& n) {
             out.service = text_of(n, "service");
             if (find_service(out.service) == nullptr) refuse(n, "service: there is no service '" + out.service + "'");
         }},
        {"method", [&](const auto& n) { out.method = text_of(n, "method"); }},
        {"path", [&](const auto& n) { out.path = text_of(n, "path"); }},
        {"contains", [&](const auto& n) { out.contains = text_of(n, "contains"); }},
        {"nth", [&](const auto& n) { out.nth = count_of(n, "nth"); }},
        {"first", [&](const auto& n) { out.first = count_of(n, "first"); }},
        {"after", [&](const auto& n) { out.after = count_of(n, "after"); }},
        {"every", [&](const auto& n) { out.every = count_of(n, "every"); }},
        {"probability",
         [&](const auto& n) {
             out.probability = n.template as<double>();
             if (!(*out.probability >= 0 && *out.probability <= 1)) refuse(n, "probability: expected 0 to 1");
         }},
        {"seed", [&](const auto& n) { out.seed = count_of(n, "seed"); }},
    };
    visit(map, "match", known);
    return out;
}

/// "10/s", "60/m", "1000/h"
void read_rate(const YAML::Node& node, rule_action& out) {
    const auto text = text_of(node, "throttle");
    const auto slash = text.find('/');
    const auto unit = slash == std::string::npos ? std::string{} : text.substr(slash + 1);
    const auto count = text.substr(0, slash);
    if (unit == "s")
        out.throttle_period = std::chrono::seconds(1);
    else if (unit == "m")
        out.throttle_period = std::chrono::minutes(1);
    else if (unit == "h")
        out.throttle_period = std::chrono::hours(1);
    if (out.throttle_period.count() == 0 || count.empty() || count.size() > 9 ||
        count.find_first_not_of("0123456789") != std::string::npos)
        refuse(node, "throttle: expected a rate such as 10/s, 60/m or 1000/h");
    out.throttle_count = std::stoull(count);
}

rule_action action_of(const YAML::Node& map) {
    using kind = rule_action::kind;
    rule_action out;
    bool chosen = false;
    std::optional<int> status;
    std::optional<std::string> body;
    const auto choose = [&](const YAML::Node& n, kind what) {
        if (chosen && out.what != what) refuse(n, "do: only one of these can happen at a time; use two rules");
        chosen = true;
        out.what = what;
    };
    const auto flag = [&](kind what, const std::string& key) {
        return [&choose, what, key](const YAML::Node& n) {
            if (boolean_of(n, key)) choose(n, what);
        };
    };
    const handlers known{
        {"delay", [&](const auto& n) { out.delay = duration_of(n, "delay"); }},
        {"accept", [&](const auto& n) { out.accept = boolean_of(n, "accept"); }},
        {"early", [&](const auto& n) { out.early = boolean_of(n, "early"); }},
        {"status",
         [&](const auto& n) {
             choose(n, kind::answer);
             status = static_cast<int>(count_of(n, "status"));
             if (*status < 200 || *status > 599) refuse(n, "status: expected 200 to 599");
         }},
        {"json",
         [&](const auto& n) {
             choose(n, kind::answer);
             body = json_text(json_of(n));
             out.reply.content_type = "application/json";
         }},
        {"html",
         [&](const auto& n) {
             choose(n, kind::answer);
             body = text_of(n, "html");
             out.reply.content_type = "text/html";
         }},
        {"headers",
         [&](const auto& n) {
             choose(n, kind::answer);
             if (!n.IsMap()) refuse(n, "headers: expected names with values");
             for (const auto& pair : n)
                 out.reply.headers.emplace_back(pair.first.Scalar(), text_of(pair.second, "headers"));
         }},
        {"not_json",
         [&](const auto& n) {
             if (!boolean_of(n, "not_json")) return;
             choose(n, kind::answer);
             body = "<html><body>We will be back soon</body></html>";
         }},
        {"no_id",
         [&](const auto& n) {
             if (!boolean_of(n, "no_id")) return;
             choose(n, kind::answer);
             body = R"({"status":"accepted"})";
         }},
        {"huge",
         [&](const auto& n) {
             choose(n, kind::answer);
             const auto size = parse_size(text_of(n, "huge"));
             if (!size || *size > 1'000'000'000U) refuse(n, "huge: expected a size such as 9MB, at most 1GB");
             body = R"({"id":"00000000-0000-4000-8000-000000000000","filler":")" + std::string(*size, 'a') + "\"}";
         }},
        {"redirect",
         [&](const auto& n) {
             choose(n, kind::answer);
             if (!status) status = 302;
             body = "";
             out.reply.content_type = "text/html";
             out.reply.headers.emplace_back("Location", text_of(n, "redirect"));
         }},
        {"drop",
         [&](const auto& n) {
             const auto text = text_of(n, "drop");
             if (text != "before_body" && text != "after_body") refuse(n, "drop: expected before_body or after_body");
             choose(n, kind::drop);
             if (text == "before_body") out.early = true;
         }},
        {"cut", flag(kind::cut, "cut")},
        {"slow", [&](const auto& n) { choose(n, kind::slow), out.time = duration_of(n, "slow"); }},
        {"hang", [&](const auto& n) { choose(n, kind::hang), out.time = duration_of(n, "hang"); }},
        {"wrong_length",
         [&](const auto& n) {
             choose(n, kind::wrong_length);
             out.length_error = n.template as<long long>();
         }},
        {"no_length", flag(kind::no_length, "no_length")},
        {"close_after", flag(kind::close_after, "close_after")},
        {"refuse_login", flag(kind::refuse_login, "refuse_login")},
        {"user_inactive", flag(kind::user_inactive, "user_inactive")},
        {"task_answer",
         [&](const auto& n) {
             choose(n, kind::task_answer);
             out.task_answer = text_of(n, "task_answer");
             if (!is_answer(out.task_answer)) refuse(n, "task_answer: expected one of " + answer_names());
         }},
        {"throttle", [&](const auto& n) { choose(n, kind::throttle), read_rate(n, out); }},
        {"retry_after", [&](const auto& n) { out.retry_after = boolean_of(n, "retry_after"); }},
        {"proxy_page", [&](const auto& n) { out.throttle_html = boolean_of(n, "proxy_page"); }},
    };
    visit(map, "do", known);
    if (out.what == kind::answer) {
        const bool scripted = body.has_value();
        if (status && !scripted && *status >= 500) {
            const auto page = *status == 500 ? django_page(500, "Server Error (500)") : nginx_page(*status);
            body = page.body;
            out.reply.content_type = page.content_type;
        }
        if (status && !scripted && *status == 413) {
            body = nginx_page(413).body;
            out.reply.content_type = "text/html";
        }
        if (!body) body = R"({"detail":"Scripted by the sandbox."})";
        out.reply.status = status ? *status : 200;
        out.reply.body = *body;
    }
    const bool can_be_early = out.what == kind::answer || out.what == kind::drop || out.what == kind::hang;
    if (out.early && (!can_be_early || out.accept))
        refuse(map, "do: only a scripted reply, drop or hang can come before the body, and then nothing is accepted");
    return out;
}

rule rule_of(const YAML::Node& map, std::size_t number) {
    rule out;
    out.name = "rule " + std::to_string(number);
    bool acts = false;
    const handlers known{
        {"name", [&](const auto& n) { out.name = text_of(n, "name"); }},
        {"match", [&](const auto& n) { out.match = match_of(n); }},
        {"do", [&](const auto& n) { out.action = action_of(n), acts = true; }},
    };
    visit(map, "rule", known);
    if (!acts) refuse(map, "rule: it has no 'do'");
    if (out.action.early && !out.match.contains.empty())
        refuse(map, "rule: 'contains' needs the body, which this action does not wait for");
    out.random.seed(out.match.seed);
    return out;
}

/// Runs a reading function and turns what it throws into the error text.
template<class Read>
auto guarded(const Read& read) -> boost::system::result<decltype(read()), std::string> {
    try {
        return read();
    } catch (const std::exception& problem) {
        return std::string(problem.what());
    }
}

} // namespace

boost::system::result<std::pair<milliseconds, milliseconds>, std::string> read_duration_range(const std::string& text) {
    const auto dash = text.find('-');
    const auto first = parse_duration(text.substr(0, dash));
    if (!first) return first.error();
    if (dash == std::string::npos) return std::pair(*first, *first);
    const auto last = parse_duration(text.substr(dash + 1));
    if (!last) return last.error();
    if (*last < *first) return "the range '" + text + "' ends before it begins";
    return std::pair(*first, *last);
}

boost::system::result<scenario_text, std::string> read_scenario(const std::string& text, const settings& current) {
    return guarded([&] {
        scenario_text out;
        out.settings = current;
        const auto root = YAML::Load(text);
        if (!root.IsDefined() || root.IsNull()) return out;
        const handlers known{
            {"settings", [&](const auto& n) { read_settings_into(n, out.settings); }},
            {"rules",
             [&](const auto& n) {
                 if (!n.IsSequence()) refuse(n, "rules: expected a list");
                 for (const auto& item : n)
                     out.rules.push_back(rule_of(item, out.rules.size() + 1));
             }},
        };
        visit(root, "scenario", known);
        return out;
    });
}

boost::system::result<settings, std::string> read_settings(const std::string& text, const settings& current) {
    return guarded([&] {
        auto out = current;
        read_settings_into(YAML::Load(text), out);
        return out;
    });
}

} // namespace kyc::sandbox
