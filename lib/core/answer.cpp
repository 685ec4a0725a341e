#include "core/answer.hpp"

#include "core/json_fields.hpp"
#include "core/outcome.hpp"

#include <algorithm>
#include <array>

namespace kyc {
namespace {

namespace json = boost::json;

/// `true`, or an object with a real boolean in `result`; whatever else is there decides nothing.
std::optional<bool> read_flag(const json::object& data, std::string_view key) {
    const auto* inside = object_member(data, key);
    return inside == nullptr ? bool_member(data, key) : bool_member(*inside, "result");
}

std::optional<bool> flag_inside(const json::object& data, std::string_view key, std::string_view flag) {
    const auto* inside = object_member(data, key);
    return inside == nullptr ? std::nullopt : bool_member(*inside, flag);
}

/// The check's boolean as the data says it, before any issue.
std::optional<bool> read_check(check wanted, const json::object& data) {
    switch (wanted) {
    case check::document_valid:
        return flag_inside(data, "document", "is_valid");
    case check::document_expired:
        return flag_inside(data, "document", "is_expired");
    case check::face_match:
        return read_flag(data, "compare");
    case check::liveness:
        return read_flag(data, "liveness");
    case check::authentication:
        return read_flag(data, "authentication");
    case check::face_registered:
        return read_uuid(data) ? std::optional<bool>{true} : std::nullopt;
    case check::background_clear: {
        const auto match = flag_inside(data, "background_check", "potential_match");
        return match ? std::optional<bool>{!*match} : std::nullopt;
    }
    }
    return std::nullopt;
}

bool is_good(check judged, bool value) {
    return judged == check::document_expired ? !value : value;
}

/// A potential match in a background check is for a person to judge, so it is never bad, only not good.
bool is_bad(check judged, bool value) {
    return judged != check::background_clear && !is_good(judged, value);
}

kyc::verdict judge(const answer& said, bool may_pass) {
    const auto bad = [](const auto& judged) { return judged.second && is_bad(judged.first, *judged.second); };
    const auto good = [](const auto& judged) { return judged.second && is_good(judged.first, *judged.second); };
    if (std::any_of(said.checks.begin(), said.checks.end(), bad)) {
        return verdict::fail;
    }
    // No check at all is not a pass: nothing was judged.
    const bool all_good = !said.checks.empty() && std::all_of(said.checks.begin(), said.checks.end(), good);
    return all_good && said.issues.empty() && may_pass ? verdict::pass : verdict::inconclusive;
}

} // namespace

std::string_view to_string(verdict value) {
    switch (value) {
    case verdict::pass:
        return "pass";
    case verdict::fail:
        return "fail";
    case verdict::inconclusive:
        return "inconclusive";
    }
    return "inconclusive";
}

verdict verdict_from(std::string_view word) {
    for (const auto value : {verdict::pass, verdict::fail})
        if (word == to_string(value)) return value;
    return verdict::inconclusive;
}

std::string_view outcome_key(check value) {
    switch (value) {
    case check::document_valid:
    case check::document_expired:
        return "document";
    case check::face_match:
        return "compare";
    case check::liveness:
        return "liveness";
    case check::authentication:
        return "authentication";
    case check::face_registered:
        return "uuid";
    case check::background_clear:
        return "background_check";
    }
    return {};
}

bool has_outcome(const json::object& data) {
    constexpr std::array<std::string_view, 7> keys{"document", "compare",          "liveness", "authentication",
                                                   "uuid",     "background_check", "issues"};
    return std::any_of(keys.begin(), keys.end(), [&](std::string_view key) {
        const auto* found = member(data, key);
        return found != nullptr && (!found->is_array() || key == "issues");
    });
}

std::vector<check> checks_of(const service& target, const json::object& data) {
    if (!target.checks.empty()) {
        return target.checks;
    }
    std::vector<check> present;
    for (const auto one : {check::document_valid, check::document_expired, check::face_match, check::liveness,
                           check::authentication, check::face_registered, check::background_clear}) {
        if (member(data, outcome_key(one)) != nullptr) {
            present.push_back(one);
        }
    }
    return present;
}

std::optional<std::string> read_uuid(const json::object& data) {
    const auto* text = string_member(data, "uuid");
    return text == nullptr ? std::nullopt : text_member(data, "uuid");
}

answer read_outcome(const service& target, const json::object& data, bool may_pass) {
    const auto judged = checks_of(target, data);
    answer said;
    said.issues = read_issues(data, judged);
    for (const auto one : judged) {
        const bool stands_against = std::any_of(said.issues.begin(), said.issues.end(), [&](const issue& found) {
            return check_for_issue(found.check) == one;
        });
        said.checks.emplace_back(one, stands_against ? std::nullopt : read_check(one, data));
    }
    said.document = read_document(target, data);
    said.background = read_background(data);
    if (std::find(judged.begin(), judged.end(), check::face_registered) != judged.end()) {
        said.registered_face = read_uuid(data);
    }
    said.verdict = judge(said, may_pass);
    return said;
}

} // namespace kyc
