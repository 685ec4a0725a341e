#include "commands/list.hpp"

#include "commands/colours.hpp"
#include "commands/complain.hpp"
#include "commands/spool_view.hpp"
#include "config/settings_yaml.hpp"
#include "core/json_text.hpp"
#include "text/words.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

namespace kyc {

namespace {

namespace json = boost::json;

/// Of a case whose time is over the ledger keeps no name.
std::string name_words(const seen_case& seen) {
    return seen.key.name.empty() ? "(forgotten)" : printable(seen.key.name);
}

/// What a row says last. A re-verification that failed is no case in failed/: the old answer stands.
std::string detail_words(const seen_case& seen) {
    auto words = printable(seen.detail);
    if (seen.key.lane != lane::bulk) return words;
    const bool failed = seen.state == standing::failed;
    return words + (words.empty() ? "" : " ") +
           (failed ? "(re-verification, the old answer stands)" : "(re-verification)");
}

/// The table. Its first lines wait until there are enough of them to know how wide the columns are; from then on lines
/// go out while more are read, for there may be hundreds of thousands.
class line_printer {
  public:
    explicit line_printer(const painter& paint) : paint_(paint) {}

    void add(const seen_case& seen) {
        if (settled_) return print(seen);
        waiting_.push_back(seen);
        service_width_ = std::max(service_width_, columns_of(printable(seen.service)));
        if (!detail_words(seen).empty()) case_width_ = std::max(case_width_, columns_of(name_words(seen)));
        if (waiting_.size() == enough) settle();
    }

    /// Prints what still waits.
    void settle() {
        settled_ = true;
        for (const auto& each : std::exchange(waiting_, {}))
            print(each);
    }

  private:
    static constexpr std::size_t enough = 1000;

    void print(const seen_case& seen) const {
        const auto detail = detail_words(seen);
        std::cout << padded(seen.since ? time_words(*seen.since) : "-", 20) << "  "
                  << paint_(tone_of(seen.state), padded(std::string(to_string(seen.state)), 10)) << "  "
                  << padded(printable(seen.service), service_width_) << "  "
                  << (detail.empty() ? name_words(seen) : padded(name_words(seen), case_width_) + "  " + detail)
                  << "\n";
    }

    const painter& paint_;
    std::vector<seen_case> waiting_;
    std::size_t service_width_ = 0;
    std::size_t case_width_ = 0;
    bool settled_ = false;
};

json::value known(const std::string& text) {
    if (text.empty()) return nullptr;
    return json::string(text);
}

std::string to_json(const seen_case& seen) {
    json::object line;
    line["case"] = known(seen.key.name);
    line["folder"] = seen.key.folder;
    line["service"] = seen.service;
    line["lane"] = to_string(seen.key.lane);
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
    which.look_inside = true;
    spool_view view(*config);
    if (!which.service.empty() && config->services.find(which.service) == nullptr)
        std::cerr << "kycd: there is no service " << printable(which.service)
                  << " in the settings; folders of that name are looked for\n";
    const painter paint(options.color);
    line_printer lines(paint);
    bool first = true;
    if (options.json) std::cout << "[";
    view.each_case(which, [&](const seen_case& seen) {
        if (options.json) {
            std::cout << (first ? "\n" : ",\n") << to_json(seen);
        } else {
            lines.add(seen);
        }
        first = false;
        return std::cout.good(); // whoever reads has had enough
    });
    lines.settle();
    if (options.json) std::cout << (first ? "]\n" : "\n]\n");
    std::cout.flush();
    return complain_of_troubles(view);
}

} // namespace kyc
