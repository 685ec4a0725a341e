#include "sandbox/control.hpp"

#include "sandbox/scenario_yaml.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace kyc::sandbox {

namespace {

namespace json = boost::json;

reply done() {
    return json_reply(200, json::object{{"ok", true}});
}

json::object statistics_of(const world& in) {
    auto out = in.numbers.to_json();
    json::object polls;
    for (const auto& [task, count] : in.tasks.polls())
        polls[task] = count;
    out["polls_per_task"] = std::move(polls);
    out["billed"] = in.invoices.lines().size();
    out["duplicates"] = in.invoices.duplicates();
    json::array rules;
    for (const auto& rule : in.script.rules())
        rules.push_back(json::object{{"name", rule.name}, {"matched", rule.matched}, {"fired", rule.fired}});
    out["rules"] = std::move(rules);
    return out;
}

void reset(world& in) {
    in.invoices.clear();
    in.tasks.clear();
    in.script = scenario{};
    in.rules = in.defaults;
    // What is open or running now goes on being so.
    statistics fresh;
    fresh.open_connections = in.numbers.open_connections;
    fresh.running = in.numbers.running;
    in.numbers = std::move(fresh);
}

} // namespace

bool is_control_path(std::string_view path) {
    return path == "/sandbox" || path.starts_with("/sandbox/");
}

reply answer_control(world& in, const request& asked) {
    std::string_view name = asked.path;
    name.remove_prefix(std::min(name.size(), std::string_view("/sandbox/").size()));
    if (name.ends_with('/')) name.remove_suffix(1);
    const bool get = asked.method == "GET";
    const bool post = asked.method == "POST";
    const std::string text(asked.body);
    if (get && name == "bill") return json_reply(200, in.invoices.lines());
    if (get && name == "stats") return json_reply(200, statistics_of(in));
    if (post && name == "reset") {
        reset(in);
        return done();
    }
    if (post && name == "scenario") {
        auto read = read_scenario(text, in.rules);
        if (!read) return json_reply(400, json::object{{"error", read.error()}});
        in.rules = read->settings;
        in.script = scenario(std::move(read->rules));
        return done();
    }
    if (post && name == "settings") {
        auto read = read_settings(text, in.rules);
        if (!read) return json_reply(400, json::object{{"error", read.error()}});
        in.rules = *read;
        return done();
    }
    const json::array calls{"GET /sandbox/bill", "GET /sandbox/stats", "POST /sandbox/scenario",
                            "POST /sandbox/settings", "POST /sandbox/reset"};
    return json_reply(get && name.empty() ? 200 : 404, json::object{{"calls", calls}});
}

} // namespace kyc::sandbox
