#include "commands/list.hpp"

#include "commands/colours.hpp"
#include "commands/complain.hpp"
#include "commands/spool_view.hpp"
#include "commands/words.hpp"
#include "core/json_text.hpp"
#include "settings_yaml.hpp"

#include <boost/json/object.hpp>

#include <iostream>

namespace kyc {

namespace {

namespace json = boost::json;

/// Lines go out while more are read, so the columns cannot wait for the widest.
constexpr std::size_t service_width = 13;
constexpr std::size_t case_width = 24;

/// Of a case whose time is over the ledger keeps no name.
std::string name_words(const seen_case& seen) {
    return seen.key.name.empty() ? "(forgotten)" : printable(seen.key.name);
}

void print_line(const seen_case& seen, const painter& paint) {
    std::cout << padded(seen.since ? time_words(*seen.since) : "-", 20) << "  "
              << paint(tone_of(seen.state), padded(std::string(to_string(seen.state)), 9)) << "  "
              << padded(printable(seen.service), service_width) << "  "
              << (seen.detail.empty() ? name_words(seen)
                                      : padded(name_words(seen), case_width) + "  " + printable(seen.detail))
              << "\n";
}

json::value known(const std::string& text) {
    if (text.empty()) return nullptr;
    return json::string(text);
}

std::string to_json(const seen_case& seen) {
    json::object line;
    line["case"] = known(seen.key.name);
    line["folder"] = seen.key.folder;
    line["service"] = seen.service;
    line["state"] = to_string(seen.state);
    line["since"] = known(seen.since ? to_iso8601(*seen.since) : std::string());
    line["detail"] = known(seen.detail);
    line["attempts"] = seen.attempts;
    line["unknown_outcomes"] = seen.unknown_outcomes;
    line["task"] = known(seen.task_id);
    line["path"] = known(seen.place.string());
    line["flat"] = seen.flat;
    return to_json_text(line);
}

} // namespace

exit_code list_command(const list_options& options) {
    const auto config = load_settings(options.config);
    if (!config) return complain(config.error());
    case_query which;
    if (!options.state.empty()) which.state = standing_from(options.state);
    which.service = options.service;
    const auto now = std::chrono::system_clock::now();
    if (!options.since.empty()) which.since = *parse_since(options.since, now);
    if (!options.before.empty()) which.before = *parse_since(options.before, now);
    which.code = options.code;
    if (!which.code.empty() && !which.state) which.state = standing::failed; // spares reading the others
    spool_view view(*config);
    if (!which.service.empty() && config->services.find(which.service) == nullptr)
        std::cerr << "kycd: there is no service " << printable(which.service)
                  << " in the settings; folders of that name are looked for\n";
    const painter paint(options.color);
    bool first = true;
    if (options.json) std::cout << "[";
    view.each_case(which, [&](const seen_case& seen) {
        if (options.json) {
            std::cout << (first ? "\n" : ",\n") << to_json(seen);
        } else {
            print_line(seen, paint);
        }
        first = false;
        return std::cout.good(); // whoever reads has had enough
    });
    if (options.json) std::cout << (first ? "]\n" : "\n]\n");
    std::cout.flush();
    return complain_of_troubles(view);
}

} // namespace kyc
