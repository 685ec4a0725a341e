#include "told/pauses.hpp"

#include "core/json_fields.hpp"
#include "text/words.hpp"
#include "told/status_fields.hpp"

#include <algorithm>

namespace kyc {

namespace json = boost::json;

std::string_view to_string(pause::kind value) {
    switch (value) {
    case pause::kind::fault:
        return "fault";
    case pause::kind::api_down:
        return "api_down";
    case pause::kind::credentials:
        return "credentials";
    case pause::kind::no_token:
        return "no_token";
    case pause::kind::resting:
        return "resting";
    case pause::kind::service:
        return "service";
    case pause::kind::repeats:
        return "repeats";
    }
    return "fault";
}

namespace {

/// Then calls wait for more than a rest.
bool one_holds_all(const std::vector<pause>& list) {
    return std::any_of(list.begin(), list.end(), [](const pause& each) {
        return each.what == pause::kind::credentials || each.what == pause::kind::api_down ||
               each.what == pause::kind::no_token;
    });
}

} // namespace

std::vector<pause> pauses_in(const json::object& status) {
    std::vector<pause> list;
    const auto seconds_in = [](const json::object& from, std::string_view name) -> std::optional<std::chrono::seconds> {
        const auto* value = member(from, name);
        const auto number = value != nullptr ? integer_of(*value) : std::nullopt;
        if (!number) return std::nullopt;
        return std::chrono::seconds(*number);
    };
    const auto next_try_of = [&seconds_in](const json::object& from) {
        return seconds_in(from, "next_try_in_seconds");
    };
    for (const auto* about : objects_in(status, "faults")) {
        pause one;
        one.why = text_in(*about, "what");
        one.since = from_iso8601(text_in(*about, "since"));
        list.push_back(std::move(one));
    }
    if (const auto* api = object_member(status, "api")) {
        pause one;
        one.why = text_in(*api, "why");
        one.since = from_iso8601(text_in(*api, "since"));
        one.next_try = next_try_of(*api);
        one.what = pause::kind::credentials;
        if (bool_member(*api, "credentials_refused").value_or(false)) list.push_back(one);
        one.what = pause::kind::api_down;
        if (bool_member(*api, "host_down").value_or(false)) list.push_back(one);
        one.what = pause::kind::no_token;
        if (bool_member(*api, "no_token").value_or(false)) list.push_back(one);
        const auto* pace = object_member(*api, "pace");
        const auto rest = pace != nullptr ? seconds_in(*pace, "resting_for_seconds") : std::nullopt;
        if (rest && *rest >= shortest_rest_told && !one_holds_all(list)) {
            pause resting;
            resting.what = pause::kind::resting;
            resting.why = "it refused calls that came too fast";
            resting.next_try = rest;
            list.push_back(std::move(resting));
        }
        if (bool_member(*api, "repeats_held_back").value_or(false)) {
            pause repeats;
            repeats.what = pause::kind::repeats;
            repeats.why = "too many have failed lately (retry.budget)";
            list.push_back(std::move(repeats));
        }
    }
    for (const auto* about : objects_in(status, "paused_services")) {
        pause one;
        one.what = pause::kind::service;
        one.service = text_in(*about, "service");
        one.why = text_in(*about, "why");
        one.since = from_iso8601(text_in(*about, "since"));
        one.next_try = next_try_of(*about);
        list.push_back(std::move(one));
    }
    return list;
}

std::string pause_words(const pause& what, utc_time now) {
    std::string text;
    switch (what.what) {
    case pause::kind::fault:
        text = "fault of the system: " + what.why;
        break;
    case pause::kind::api_down:
        text = "the API is down: " + what.why;
        break;
    case pause::kind::credentials:
        text = "credentials refused: " + what.why;
        break;
    case pause::kind::no_token:
        text = "the API gives no token: " + what.why;
        break;
    case pause::kind::resting:
        text = "the API asked for a rest: " + what.why;
        break;
    case pause::kind::service:
        text = what.service + " takes no cases for now: " + what.why;
        break;
    case pause::kind::repeats:
        text = "what failed before is tried one at a time: " + what.why;
        break;
    }
    if (what.since) text += ", for " + age_words(now - *what.since);
    if (what.next_try) text += "; next try in " + age_words(*what.next_try);
    return text;
}

} // namespace kyc
