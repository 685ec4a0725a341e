#include "core/answer_change.hpp"

#include "core/date.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/outcome.hpp"
#include "core/report_read.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace kyc {
namespace {

namespace json = boost::json;

struct cause_words {
    change_cause value;
    std::string_view word;
    std::string_view description;
};

constexpr std::array<cause_words, 6> causes{{
    {change_cause::document_expired, "document_expired", "document expired"},
    {change_cause::issue_code, "issue_code", "an issue code instead of a verdict"},
    {change_cause::other_verdict, "other_verdict", "same images, another verdict"},
    {change_cause::no_images, "no_images", "another verdict, of a service without images"},
    {change_cause::document_read, "document_read", "document read differently"},
    {change_cause::portrait_only, "portrait_only", "portrait only"},
}};

const cause_words& words_of(change_cause value) {
    const auto* const found =
        std::find_if(causes.begin(), causes.end(), [value](const auto& cause) { return cause.value == value; });
    return found == causes.end() ? causes.front() : *found;
}

std::string_view key_of(const json::key_value_pair& entry) {
    return {entry.key().data(), entry.key().size()};
}

const json::value null_value;

/// The member; null when it is missing.
const json::value& value_at(const json::object* from, std::string_view key) {
    const auto* const found = from == nullptr ? nullptr : member(*from, key);
    return found == nullptr ? null_value : *found;
}

/// The same text for values that say the same: the order of an object's members means nothing.
std::string canonical(const json::value& value) {
    std::string text;
    if (const auto* const object = value.if_object()) {
        std::vector<std::pair<std::string, std::string>> members;
        for (const auto& entry : *object)
            members.emplace_back(key_of(entry), canonical(entry.value()));
        std::sort(members.begin(), members.end());
        for (const auto& [key, said] : members) {
            text += text.empty() ? '{' : ',';
            append_json_string(text, key);
            text += ':' + said;
        }
        return text.empty() ? "{}" : text + '}';
    }
    if (const auto* const array = value.if_array()) {
        for (const auto& element : *array) {
            text += text.empty() ? '[' : ',';
            text += canonical(element);
        }
        return text.empty() ? "[]" : text + ']';
    }
    return to_json_text(value);
}

/// The hits of a background check: whoever was found, in whatever order.
std::string canonical_hits(const json::value& value) {
    const auto* const array = value.if_array();
    if (array == nullptr) return canonical(value);
    std::vector<std::string> hits;
    for (const auto& hit : *array)
        hits.push_back(canonical(hit));
    std::sort(hits.begin(), hits.end());
    std::string text;
    for (const auto& hit : hits)
        text += '\n' + hit;
    return text;
}

/// The names of members, those of the newer answer that the older one does not have at the end.
std::vector<std::string> names_in(const json::object* before, const json::object* after) {
    std::vector<std::string> names;
    for (const auto* const from : {before, after}) {
        if (from == nullptr) continue;
        for (const auto& entry : *from)
            if (from == before || before == nullptr || !before->contains(entry.key()))
                names.emplace_back(key_of(entry));
    }
    return names;
}

/// What one result.json says that matters here.
class reading {
  public:
    /// `whole` outlives this.
    explicit reading(const json::object& whole) : whole_(whole) {
        if (const auto* const task = object_member(whole, "task")) {
            const auto answered = text_at(task, "answered_at");
            // The day of an ISO 8601 time is its first ten characters, and days in this form sort as texts.
            if (from_iso8601(answered)) day_ = answered.substr(0, 10);
        }
        const auto expires = text_at(part("document"), "expires_on");
        if (!expires.empty() && normalise_date(expires) == expires) expires_on_ = expires;
        read_issues();
    }

    [[nodiscard]] std::string verdict() const { return text_at(&whole_, "verdict"); }

    [[nodiscard]] const json::object* part(std::string_view key) const { return object_member(whole_, key); }

    [[nodiscard]] const json::value& at(std::string_view key) const { return value_at(&whole_, key); }

    /// True, false, or none for a check that was not judged.
    [[nodiscard]] std::optional<bool> check(std::string_view name) const {
        const auto* const flag = value_at(part("checks"), name).if_bool();
        return flag == nullptr ? std::nullopt : std::optional(*flag);
    }

    [[nodiscard]] const std::set<std::pair<std::string, std::string>>& issues() const { return issues_; }

    [[nodiscard]] const std::string& day() const { return day_; } ///< of the answer; empty: unknown

    [[nodiscard]] const std::string& expires_on() const { return expires_on_; }

    [[nodiscard]] bool has_no_images() const {
        const auto* const files = at("files").if_array();
        return files != nullptr && files->empty();
    }

    [[nodiscard]] bool is_expired() const {
        return check("document_expired").value_or(false) ||
               (!expires_on_.empty() && !day_.empty() && expires_on_ < day_);
    }

    /// ["liveness: FACE_TOO_SMALL"]
    [[nodiscard]] std::string issues_text() const {
        json::array list;
        for (const auto& [check, code] : issues_) {
            const auto between = check.empty() || code.empty() ? "" : ": ";
            list.emplace_back(check.empty() && code.empty() ? "without a code" : check + between + code);
        }
        return to_json_text(list);
    }

  private:
    static std::string text_at(const json::object* from, std::string_view key) {
        const auto* const text = value_at(from, key).if_string();
        return text == nullptr ? std::string() : std::string(view_of(*text));
    }

    void read_issues() {
        const auto* const list = at("issues").if_array();
        if (list == nullptr) return;
        for (const auto& value : *list)
            if (const auto* const entry = value.if_object())
                issues_.emplace(text_at(entry, "check"), text_at(entry, "code"));
    }

    const json::object& whole_;
    std::set<std::pair<std::string, std::string>> issues_; ///< check and code
    std::string day_;
    std::string expires_on_;
};

/// The differences, and of what kind they are.
class comparison {
  public:
    comparison(const reading& before, const reading& after) : before_(before), after_(after) {
        compare("verdict", before.at("verdict"), after.at("verdict"), false);
        compare_members("checks", [](std::string_view) { return false; });
        compare_issues();
        verdict_differs_ = !fields_.empty();
        compare_members("document", [](std::string_view) { return true; });
        compare("registered_face", before.at("registered_face"), after.at("registered_face"), true);
        compare_members("background", [](std::string_view name) { return name == "hits"; });
    }

    [[nodiscard]] change_cause cause() const {
        if (is_expiry()) return change_cause::document_expired;
        if (is_issue()) return change_cause::issue_code;
        if (verdict_differs_ || differs("registered_face"))
            return after_.has_no_images() ? change_cause::no_images : change_cause::other_verdict;
        return fields_.size() == 1 && differs(portrait) ? change_cause::portrait_only : change_cause::document_read;
    }

    [[nodiscard]] std::vector<field_change> take() { return std::move(fields_); }

    [[nodiscard]] bool any() const { return !fields_.empty(); }

  private:
    static constexpr std::string_view portrait = "document.portrait_url";
    static constexpr std::string_view hits = "background.hits";

    void compare(const std::string& field, const json::value& before, const json::value& after, bool personal) {
        const bool same = field == portrait ? before.is_null() == after.is_null()
                          : field == hits   ? canonical_hits(before) == canonical_hits(after)
                                            : canonical(before) == canonical(after);
        if (!same) fields_.push_back({field, to_json_text(before), to_json_text(after), personal});
    }

    template<class Personal>
    void compare_members(const std::string& part, const Personal& is_personal) {
        const auto* const before = before_.part(part);
        const auto* const after = after_.part(part);
        for (const auto& name : names_in(before, after))
            compare(part + "." + name, value_at(before, name), value_at(after, name), is_personal(name));
    }

    void compare_issues() {
        if (before_.issues() != after_.issues())
            fields_.push_back({"issues", before_.issues_text(), after_.issues_text(), false});
    }

    [[nodiscard]] bool differs(std::string_view field) const {
        return std::any_of(fields_.begin(), fields_.end(), [&](const auto& change) { return change.field == field; });
    }

    [[nodiscard]] bool is_expiry() const {
        constexpr std::string_view check = "document_expired";
        const auto said = after_.check(check);
        if (said.value_or(false) && !before_.check(check).value_or(false)) return true;
        const auto& date = after_.expires_on().empty() ? before_.expires_on() : after_.expires_on();
        // A day that is not known is before every date, so that nothing has passed since or until then.
        const bool passed = !date.empty() && !before_.day().empty() && before_.day() <= date && date < after_.day();
        return verdict_differs_ && passed && said.value_or(true);
    }

    [[nodiscard]] bool is_issue() const {
        bool any_new = false;
        for (const auto& issue : after_.issues()) {
            if (before_.issues().contains(issue)) continue;
            any_new = true;
            const auto check = check_for_issue(issue.first);
            const bool of_service = check && (is_check(before_, *check) || is_check(after_, *check));
            if (!of_service || before_.check(to_string(*check))) return true;
        }
        const bool is_all = std::none_of(fields_.begin(), fields_.end(), [](const auto& change) {
            return change.field == "verdict" || change.field.starts_with("checks.");
        });
        return any_new && is_all;
    }

    static bool is_check(const reading& answer, check which) {
        const auto* const checks = answer.part("checks");
        return checks != nullptr && member(*checks, to_string(which)) != nullptr;
    }

    const reading& before_;
    const reading& after_;
    std::vector<field_change> fields_;
    bool verdict_differs_ = false; ///< or a check or an issue, which it is made of
};

std::optional<json::value> read_result(std::string_view text) {
    std::string error;
    auto parsed = parse_json(text, error, report_limits);
    const auto* const report = parsed.if_object();
    if (report == nullptr) return std::nullopt;
    const auto* const schema = string_member(*report, "schema");
    const auto* const word = string_member(*report, "verdict");
    if (schema == nullptr || view_of(*schema) != "kycd.result/1" || word == nullptr) return std::nullopt;
    if (to_string(verdict_from(view_of(*word))) != view_of(*word)) return std::nullopt;
    return parsed;
}

} // namespace

std::string_view describe(change_cause value) {
    return words_of(value).description;
}

std::string_view word_of(change_cause value) {
    return words_of(value).word;
}

std::optional<change_cause> change_cause_from(std::string_view word) {
    const auto* const found =
        std::find_if(causes.begin(), causes.end(), [word](const auto& cause) { return cause.word == word; });
    return found == causes.end() ? std::nullopt : std::optional(found->value);
}

std::optional<answer_change> compare_answers(std::string_view before, std::string_view after) {
    const auto older = read_result(before);
    const auto newer = read_result(after);
    if (!older || !newer) return std::nullopt;
    const reading was(older->get_object());
    const reading is(newer->get_object());
    comparison difference(was, is);
    answer_change change;
    change.before = verdict_from(was.verdict());
    change.after = verdict_from(is.verdict());
    change.newly_expired = is.is_expired() && !was.is_expired();
    if (difference.any()) change.cause = difference.cause();
    change.fields = difference.take();
    return change;
}

} // namespace kyc
