#include "reverify/ticket_flags.hpp"

#include "core/json_text.hpp"
#include "core/plain_text.hpp"
#include "fs/atomic_file.hpp"
#include "fs/safe_open.hpp"
#include "reverify/ticket_yaml.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace kyc::reverify {

namespace {

constexpr std::uint64_t largest_file = 16ull << 20;

/// Which flag a key of the text came from.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> flags_of_keys{{
    {"names", "--name"},
    {"names.csv", "--names-from"},
    {"names.column", "--column"},
    {"labels", "--label"},
    {"document_expires_within", "--expires-within"},
    {"budget.calls", "--budget"},
    {"stop_if.failed", "--stop-if-failed"},
    {"stop_if.changed", "--stop-if-changed"},
    {"document_expired", "--document-expired"},
}};

std::string flag_of(std::string_view key) {
    for (const auto& [name, flag] : flags_of_keys)
        if (name == key) return std::string(flag);
    if (key.starts_with("labels.")) return "--label";
    std::string flag = "--" + std::string(key);
    std::replace(flag.begin(), flag.end(), '_', '-');
    return flag;
}

std::string in_quotes(std::string_view text) {
    std::string quoted;
    append_json_string(quoted, text);
    return quoted;
}

/// Every value in quotes, for without them it could mean something else to YAML.
class writer {
  public:
    void value(std::string_view key, const std::string& text) {
        if (!text.empty()) line(key, in_quotes(text));
    }

    void list(std::string_view key, const std::vector<std::string>& words) {
        if (words.empty()) return;
        line(key, "");
        for (const auto& word : words)
            made += "  - " + in_quotes(word) + "\n";
    }

    void line(std::string_view key, const std::string& value) {
        made.append(key).append(": ").append(value).append("\n");
    }

    std::string made;
};

result<std::string> text_of(const std::filesystem::path& file) {
    const auto parent = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    const auto folder = fs::open_folder(parent);
    if (!folder) return folder.error();
    return fs::read_text(*folder, file.filename().string(), largest_file);
}

bool is_csv(const std::filesystem::path& file) {
    auto ending = file.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending == ".csv";
}

/// A file with a name on each line, as a CSV of one column: its names are no patterns either.
std::string lines_as_csv(std::string_view text) {
    std::string csv = "name\n";
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.ends_with('\r')) line.remove_suffix(1);
        csv += '"';
        for (const char c : line) {
            csv += c;
            if (c == '"') csv += c;
        }
        csv += "\"\n";
    }
    return csv;
}

void write_labels(writer& to, const std::vector<std::string>& labels, std::vector<std::string>& errors) {
    if (labels.empty()) return;
    to.line("labels", "");
    std::set<std::string> seen;
    for (const auto& each : labels) {
        const auto equals = each.find('=');
        if (equals == std::string::npos || equals == 0) {
            errors.push_back("--label: " + printable(each) + " is no label; write NAME=VALUE, e.g. branch=north");
            continue;
        }
        auto name = each.substr(0, equals);
        if (!seen.insert(name).second) {
            errors.push_back("--label: " + printable(name) + " is given twice; a case must have all of the labels");
            continue;
        }
        to.made += "  " + in_quotes(name) + ": " + in_quotes(each.substr(equals + 1)) + "\n";
    }
}

std::string text_of_flags(const reverify_options& options, std::vector<std::string>& errors) {
    writer to;
    to.list("service", options.services);
    to.list("verdict", options.verdicts);
    to.value("delivered_before", options.delivered_before);
    to.value("older_than", options.older_than);
    to.value("document_expired", options.document_expired);
    to.value("document_expires_within", options.expires_within);
    to.list("names", options.names);
    if (!options.names_from.empty())
        to.line("names",
                "{csv: names.csv, column: " + in_quotes(options.column.empty() ? "name" : options.column) + "}");
    write_labels(to, options.labels, errors);
    to.value("sample", options.sample);
    to.value("seed", options.seed);
    to.value("limit", options.limit);
    to.value("order", options.order);
    to.value("window", options.window);
    to.value("rate", options.rate);
    if (!options.budget.empty()) to.line("budget", "{calls: " + in_quotes(options.budget) + "}");
    to.list("canary", options.canary);
    if (!options.stop_if_failed.empty() || !options.stop_if_changed.empty()) {
        to.line("stop_if", "");
        to.value("  failed", options.stop_if_failed);
        to.value("  changed", options.stop_if_changed);
    }
    to.value("unfinished", options.unfinished);
    return to.made.empty() ? "{}\n" : to.made;
}

} // namespace

boost::system::result<ticket, std::vector<std::string>>
ticket_of_flags(const reverify_options& options, const std::string& name, const service_table& services) {
    std::vector<std::string> errors;
    const auto text = text_of_flags(options, errors);
    if (!errors.empty()) return errors;
    const auto beside = [&options](const std::string&) -> result<std::string> {
        auto read = text_of(options.names_from);
        if (!read || is_csv(options.names_from)) return read;
        return lines_as_csv(*read);
    };
    auto made = parse_ticket(name, "command line", text, services, beside, written_by::flags);
    if (made) return std::move(*made);
    for (const auto& error : made.error()) {
        auto what = error.message;
        if (const std::string placeholder = "names.csv: "; what.starts_with(placeholder))
            what = printable(options.names_from.string()) + ": " + what.substr(placeholder.size());
        errors.push_back(error.key.empty() ? what : flag_of(error.key) + ": " + what);
    }
    return errors;
}

bool selects_everything(const ticket_selection& which) {
    return which.services.empty() && which.verdicts.empty() && !which.delivered_before && !which.older_than &&
           !which.document_expired && !which.document_expires_within && which.names.empty() && which.labels.empty() &&
           !which.limit && (!which.sample || (!which.sample->count && which.sample->share >= 1));
}

} // namespace kyc::reverify
