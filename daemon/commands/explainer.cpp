#include "commands/explainer.hpp"

#include "core/json_fields.hpp"
#include "text/words.hpp"
#include "told/status_fields.hpp"

#include <algorithm>
#include <utility>

namespace kyc {

using std::chrono::system_clock;

namespace {

/// The longest pause between two tries of a step that met a fault (fault_pause).
constexpr std::chrono::seconds longest_fault_pause{5};

} // namespace

explainer::explainer(spool_view& view, const found_place& place) : view_(view), place_(place) {
    out_.path = place.path.string();
    out_.about = place.key.folder + "/" + place.key.name;
    out_.state = place.root;
}

void explainer::say(std::string reason, std::string because, std::string next, std::optional<utc_time> next_at) {
    out_.reason = again_.empty() ? std::move(reason) : "verified_again";
    out_.because = again_ + because;
    out_.next = std::move(next);
    out_.next_at = next_at;
}

std::string explainer::in_words(std::optional<std::chrono::seconds> wait) {
    return wait && wait->count() > 0 ? " in about " + age_words(*wait) : " now and then";
}

std::optional<utc_time> explainer::from_now(std::optional<std::chrono::seconds> wait) {
    if (!wait) return std::nullopt;
    return system_clock::now() + *wait;
}

std::uint64_t explainer::live_number(std::string_view group, std::string_view name) const {
    const auto* live = view_.live();
    const auto* in = live != nullptr ? object_member(*live, group) : nullptr;
    return in != nullptr ? number_in(*in, name) : 0;
}

bool explainer::not_running(const std::string& then) {
    if (view_.running().value_or(true)) return false;
    say("not_running", "kycd is not running", "start it (systemctl start kycd); then " + then);
    return true;
}

bool explainer::held_by_system() {
    const auto* live = view_.live();
    return live != nullptr && bool_member(*live, "faults_hold_up_all").value_or(false) && met_a_fault();
}

bool explainer::met_a_fault() {
    for (const auto& each : view_.pauses()) {
        if (each.what != pause::kind::fault) continue;
        say("fault", "a fault of the system is waited out: " + each.why,
            "kycd tries again every few seconds and goes on by itself when it is over", from_now(longest_fault_pause));
        return true;
    }
    return false;
}

bool explainer::is_stopping(const std::string& then) {
    const auto* live = view_.live();
    if (live == nullptr || !bool_member(*live, "stopping").value_or(false)) return false;
    say("stopping", "kycd is stopping: it finishes its uploads and begins nothing more", "at its next start " + then);
    return true;
}

bool explainer::held_by_api(bool submits) {
    for (const auto& each : view_.pauses()) {
        if (each.what == pause::kind::credentials) {
            say("credentials_refused", "the API refuses the credentials: " + each.why,
                "correct the secret and 'systemctl reload kycd' ('restart' where it comes by LoadCredential=); "
                "kycd also tries again by itself" +
                    in_words(each.next_try),
                from_now(each.next_try));
            return true;
        }
        if (each.what == pause::kind::api_down) {
            say("api_down", "the API is down for all: " + each.why,
                "kycd tries one call" + in_words(each.next_try) + " and goes on when it answers",
                from_now(each.next_try));
            return true;
        }
        if (each.what == pause::kind::no_token) {
            say("no_token", "the API gives no token, without which no call can be made: " + each.why,
                "kycd tries the login again" + in_words(each.next_try) +
                    "; see whether api.base_url leads to the API ('kycd check')",
                from_now(each.next_try));
            return true;
        }
        if (submits && each.what == pause::kind::service && each.service == view_.service_of(place_.key.folder)) {
            say("service_paused", "kycd sends no cases of " + each.service + " for now: " + each.why,
                "one case is tried" + in_words(each.next_try) + "; the others follow when it is taken",
                from_now(each.next_try));
            return true;
        }
    }
    return is_resting();
}

bool explainer::is_resting() {
    const auto* live = view_.live();
    const auto* api = live != nullptr ? object_member(*live, "api") : nullptr;
    const auto* pace = api != nullptr ? object_member(*api, "pace") : nullptr;
    const auto* value = pace != nullptr ? member(*pace, "resting_for_seconds") : nullptr;
    const auto left = std::chrono::seconds(value != nullptr ? integer_of(*value).value_or(0) : 0);
    if (left.count() <= 0) return false;
    say("resting", "the API refused calls that came too fast, and no call goes for now",
        "calls go on in about " + age_words(left), from_now(left));
    return true;
}

bool explainer::cannot_be_told() {
    if (view_.live() != nullptr) return false;
    say("not_known",
        view_.running() ? "kycd runs but does not answer, so what holds it up cannot be told"
                        : "whether kycd runs cannot be told, nor what holds this up",
        view_.running() ? "ask again; if this lasts, see kycd's log" : "run this as kycd's user or as root");
    return true;
}

bool explainer::held_by_rate(std::uint64_t before) {
    const double rate = config().limits.rate;
    if (rate <= 0 || static_cast<double>(before) <= rate) return false;
    const auto wait = std::chrono::seconds(static_cast<std::int64_t>(static_cast<double>(before) / rate) + 1);
    std::string words = std::to_string(rate);
    words.erase(std::min(words.find_last_not_of('0') + 1, words.size()));
    if (words.ends_with('.')) words.pop_back();
    say("rate",
        "limits.rate lets " + words + " cases a second go, and " + std::to_string(before) + " are before the upload",
        "it is sent when its turn comes, in about " + age_words(wait) + " if it is in work/ already", from_now(wait));
    return true;
}

} // namespace kyc
