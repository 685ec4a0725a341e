#include "reverify/ticket_yaml.hpp"

#include "config/setting_kinds.hpp"
#include "config/yaml_reader.hpp"
#include "core/case_name.hpp"
#include "core/json_text.hpp"
#include "core/nearest_word.hpp"
#include "core/units.hpp"
#include "reverify/ticket_kinds.hpp"
#include "text/csv_rows.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <unordered_set>
#include <utility>

namespace kyc::reverify {

namespace {

using namespace std::chrono_literals;
using yaml::count;
using yaml::decimal;
using yaml::document;
using yaml::duration;
using yaml::one_of;
using yaml::section;
using yaml::shape;
using yaml::twins;

/// As many as a ticket can have cases; larger numbers are mistakes.
constexpr std::uint64_t most_cases = 10'000'000;

constexpr std::string_view default_column = "name";

/// What a ticket cannot hold as it is written there, but what has to be looked at together.
struct draft {
    ticket made;
    std::optional<quantity> sample;
    std::optional<std::uint64_t> seed;
    std::optional<quantity> stop_if_failed;
    std::optional<quantity> stop_if_changed;
    std::string csv_file;
    std::string csv_column{default_column};
};

const std::vector<std::pair<std::string_view, ticket_order>>& orders() {
    static const std::vector<std::pair<std::string_view, ticket_order>> words{{"oldest", ticket_order::oldest},
                                                                              {"newest", ticket_order::newest},
                                                                              {"name", ticket_order::name},
                                                                              {"expiry", ticket_order::expiry},
                                                                              {"shuffled", ticket_order::shuffled}};
    return words;
}

void read_names(section& in, draft& to) {
    const auto written = in.shape_of("names");
    if (written != shape::map) in.one_or_more("names", to.made.which.names, case_names, twins::exact);
    if (written != shape::map && written != shape::none) return;
    in.map("names", [&](section& csv) {
        csv.read("csv", to.csv_file, file_beside);
        csv.read("column", to.csv_column, csv_column);
        if (written == shape::map) csv.require("csv", "write the name of a CSV file that lies beside the ticket");
    });
}

void read_selection(section& in, document& doc, const service_table& services, draft& to) {
    auto& which = to.made.which;
    in.one_or_more("service", which.services, service_names(services));
    std::vector<std::string> verdicts;
    in.one_or_more("verdict", verdicts, verdict_words);
    for (const auto& word : verdicts)
        which.verdicts.push_back(verdict_from(word));
    in.read("delivered_before", which.delivered_before, moment);
    in.read("older_than", which.older_than, duration(0ms));
    in.read("document_expired", which.document_expired, yaml::truth);
    in.read("document_expires_within", which.document_expires_within, duration(1s));
    read_names(in, to);
    in.pairs("labels", which.labels, label_value);
    in.read("sample", to.sample, number_or_share(1, most_cases, share_of_a_draw));
    in.read("seed", to.seed, count(0, UINT64_MAX));
    in.read("limit", which.limit, count(1, most_cases));
    in.read("order", which.order, one_of<ticket_order>(orders()));
    if (which.document_expired.value_or(false) && which.document_expires_within)
        doc.object(doc.line_of("document_expires_within"), "document_expires_within",
                   "a document that is to expire has not expired yet; leave out document_expired: true");
}

void read_running(section& in, draft& to) {
    auto& made = to.made;
    in.read("window", made.window, window);
    in.read("rate", made.rate, decimal(0, 1'000'000));
    in.map("budget", [&](section& budget) { budget.read("calls", made.calls, count(1, most_cases)); });
    in.one_or_more("canary", made.canary, plain_case_name, twins::exact);
    in.map("stop_if", [&](section& bounds) {
        bounds.read("failed", to.stop_if_failed, number_or_share(0, most_cases, share_of_a_bound));
        bounds.read("changed", to.stop_if_changed, number_or_share(0, most_cases, share_of_a_bound));
    });
    in.read("unfinished", made.next_night, one_of<bool>({{"next_night", true}, {"end", false}}));
}

void read_everything(section& top, document& doc, const service_table& services, draft& to) {
    read_selection(top, doc, services, to);
    read_running(top, to);
    top.finish();
}

// --- what one key alone cannot show ---

/// A name as a pattern that means nothing but it.
std::string literally(const std::string& name) {
    constexpr std::string_view special = "*?[\\";
    if (name.find_first_of("*?[") == std::string::npos) return name;
    std::string escaped;
    for (const char c : name) {
        if (special.find(c) != std::string_view::npos) escaped += '\\';
        escaped += c;
    }
    return escaped;
}

void take_names_from_csv(document& doc, const read_beside& beside, draft& to) {
    if (to.csv_file.empty() || doc.is_bad("names") || doc.is_bad("names.csv") || doc.is_bad("names.column")) return;
    const auto object = [&](const std::string& what) {
        doc.object(doc.line_of("names.csv"), "names.csv", to.csv_file + ": " + what);
    };
    const auto text = beside(to.csv_file);
    if (!text) return object(why_unreadable(text.error()));
    const auto table = read_csv(*text);
    if (!table) return object(table.error());
    const auto column = table->column(to.csv_column);
    if (!column)
        return object("has no column " + quote_text(to.csv_column) + "; its columns are: " + table->columns_in_words());
    std::unordered_set<std::string> seen; // the same customer twice is nothing to stop at
    for (const auto& row : table->rows) {
        if (const auto why = row.too_long_for(table->header.size()))
            return object("line " + std::to_string(row.line) + ": " + *why);
        const std::string name(row.cell(*column));
        if (name.empty()) continue;
        if (const auto why = name_objection(name)) return object("line " + std::to_string(row.line) + ": " + *why);
        if (seen.insert(name).second) to.made.which.names.push_back(literally(name));
    }
    if (to.made.which.names.empty())
        object("has no name in its column " + quote_text(to.csv_column)); // else it would select every case
}

void take_sample(document& doc, draft& to) {
    auto& which = to.made.which;
    if (to.sample) {
        which.sample = ticket_sample{{}, to.sample->share.value_or(1), to.seed.value_or(0)};
        if (to.sample->count) which.sample->count = static_cast<std::size_t>(*to.sample->count);
    } else if (to.seed && which.order == ticket_order::shuffled) {
        which.sample = ticket_sample{{}, 1, *to.seed};
    } else if (to.seed && !doc.is_bad("sample") && !doc.is_bad("order")) {
        doc.object(doc.line_of("seed"), "seed", "means nothing without sample or order: shuffled; remove it");
    }
}

std::optional<ticket_bound> bound_of(const std::optional<quantity>& written) {
    if (!written) return std::nullopt;
    return ticket_bound{written->count, written->share};
}

/// An empty list says "none of them", which nobody means. A map whose lines are all commented out would choose, and
/// pay for, more than was meant.
void refuse_what_is_empty(document& doc, const section& top) {
    for (const auto* key : {"service", "verdict", "names", "canary"})
        if (top.is_empty_list(key))
            doc.object(doc.line_of(key), key, "is an empty list; name something, or remove the key");
    for (const auto* key : {"labels", "budget", "stop_if"})
        if (top.is_empty_map(key))
            doc.object(doc.line_of(key), key, "is empty; write what it shall say, or remove the key");
}

/// A pattern without quotes can be another thing to YAML: an alias, a key, a list in a list.
void add_hint_at_patterns(std::string_view text, std::vector<config_error>& errors) {
    for (auto& error : errors) {
        if (!error.message.starts_with("is not valid YAML")) continue;
        auto line = text;
        for (int i = 1; i < error.line && !line.empty(); ++i)
            line.remove_prefix(std::min(line.find('\n'), line.size() - 1) + 1);
        line = line.substr(0, line.find('\n'));
        const bool nested = std::count(line.begin(), line.end(), '[') > 1;
        if (nested || line.find_first_of("*?") != std::string_view::npos)
            error.message += R"(; a pattern with * ? [ ] is written in quotes, e.g. names: ["A-1?", "*-7"])";
    }
}

std::vector<config_error> one_error(const std::string& file, std::string what) {
    return {{file, 0, "", std::move(what)}};
}

// --- and back ---

std::string in_quotes(std::string_view text) {
    std::string quoted;
    append_json_string(quoted, text);
    return quoted;
}

std::string in_list(const std::vector<std::string>& words) {
    std::string text = "[";
    for (const auto& word : words)
        text += (text.size() == 1 ? "" : ", ") + in_quotes(word);
    return text + "]";
}

/// As few digits as give the same number again.
std::string shortest(double value) {
    std::array<char, 512> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed).ptr;
    return {buffer.data(), end};
}

std::string in_percent(double share) {
    std::array<char, 512> buffer{};
    for (int digits = 0; digits <= most_share_digits; ++digits) {
        const auto end =
            std::to_chars(buffer.data(), buffer.data() + buffer.size(), share * 100, std::chars_format::fixed, digits)
                .ptr;
        const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
        if (share_from_percent(text) == share) return std::string(text) + "%";
    }
    return shortest(share * 100) + "%";
}

std::string in_words(const ticket_bound& bound) {
    return bound.count ? std::to_string(*bound.count) : in_percent(bound.share.value_or(0));
}

std::string_view word_of(ticket_order order) {
    for (const auto& [word, value] : orders())
        if (value == order) return word;
    return "oldest";
}

void write_selection(std::string& text, const ticket_selection& which) {
    const auto line = [&text](std::string_view key, const std::string& value) {
        text.append(key).append(": ").append(value).append("\n");
    };
    if (!which.services.empty()) line("service", in_list(which.services));
    if (!which.verdicts.empty()) {
        std::vector<std::string> words;
        for (const auto each : which.verdicts)
            words.emplace_back(to_string(each));
        line("verdict", in_list(words));
    }
    if (which.delivered_before) line("delivered_before", in_quotes(to_iso8601(*which.delivered_before)));
    if (which.older_than) line("older_than", format_duration(*which.older_than));
    if (which.document_expired) line("document_expired", *which.document_expired ? "true" : "false");
    if (which.document_expires_within) line("document_expires_within", format_duration(*which.document_expires_within));
    if (!which.names.empty()) {
        text += "names:\n";
        for (const auto& name : which.names)
            text += "  - " + in_quotes(name) + "\n";
    }
    if (!which.labels.empty()) {
        text += "labels:\n";
        for (const auto& [key, value] : which.labels)
            text += "  " + in_quotes(key) + ": " + in_quotes(value) + "\n";
    }
    if (which.sample) {
        const bool draws = which.sample->count || which.sample->share != 1;
        if (which.sample->count)
            line("sample", std::to_string(*which.sample->count));
        else if (draws || which.order != ticket_order::shuffled)
            line("sample", in_percent(which.sample->share));
        line("seed", std::to_string(which.sample->seed));
    }
    if (which.order != ticket_order::oldest) line("order", std::string(word_of(which.order)));
    if (which.limit) line("limit", std::to_string(*which.limit));
}

} // namespace

std::string why_unreadable(const fault& met) {
    switch (met.code.value()) {
    case EINVAL:
    case EISDIR:
        return "cannot be read: it is not a regular file";
    case ELOOP:
        return "cannot be read: it is a link";
    case EFBIG:
        return "cannot be read: it is larger than 16 MiB";
    default:
        return "cannot be read: " + met.code.message();
    }
}

boost::system::result<ticket, std::vector<config_error>> parse_ticket(const std::string& name, const std::string& file,
                                                                      std::string_view text,
                                                                      const service_table& services,
                                                                      const read_beside& beside, written_by whom) {
    if (const auto why = case_name_objection(name))
        return one_error(file, "a ticket's name, which names the folder of its report, cannot be this one: " + *why);
    document doc(file);
    if (whom == written_by::flags) doc.ignore_quotes();
    draft read;
    const auto root = yaml::parse_document(doc, text);
    if (auto errors = doc.take_errors(); !errors.empty()) {
        add_hint_at_patterns(text, errors);
        return errors;
    }
    // What a full disk or a copy that stalls leaves behind must not cost a night of every case.
    if (root.IsNull()) return one_error(file, "is empty: it says nothing; write {} if every case is meant");
    section top(doc, "", "", 0, root);
    if (!root.IsMap()) return doc.take_errors();
    read_everything(top, doc, services, read);
    refuse_what_is_empty(doc, top);
    take_names_from_csv(doc, beside, read);
    take_sample(doc, read);
    if (auto errors = doc.take_errors(); !errors.empty()) return errors;
    read.made.name = name;
    read.made.stop_if_failed = bound_of(read.stop_if_failed);
    read.made.stop_if_changed = bound_of(read.stop_if_changed);
    return std::move(read.made);
}

std::string ticket_text(const ticket& what) {
    std::string text;
    write_selection(text, what.which);
    const auto line = [&text](std::string_view key, const std::string& value) {
        text.append(key).append(": ").append(value).append("\n");
    };
    if (what.window) line("window", in_quotes(what.window->describe()));
    if (what.rate > 0) line("rate", shortest(what.rate));
    if (what.calls) line("budget", "{calls: " + std::to_string(*what.calls) + "}");
    if (!what.canary.empty()) line("canary", in_list(what.canary));
    if (what.stop_if_failed || what.stop_if_changed) {
        text += "stop_if:\n";
        if (what.stop_if_failed) text += "  failed: " + in_words(*what.stop_if_failed) + "\n";
        if (what.stop_if_changed) text += "  changed: " + in_words(*what.stop_if_changed) + "\n";
    }
    if (!what.next_night) line("unfinished", "end");
    // YAML has no document without a value but an empty one.
    return text.empty() ? "{}\n" : text;
}

std::vector<std::string> ticket_keys() {
    document doc("");
    draft ignored;
    section top(doc, "", "", 0, YAML::Node());
    read_everything(top, doc, service_table(), ignored);
    return doc.keys();
}

} // namespace kyc::reverify
