#include "commands/reverify_plan.hpp"

#include "core/json_members.hpp"
#include "core/plain_text.hpp"
#include "core/units.hpp"
#include "text/words.hpp"

#include <array>
#include <cstdio>
#include <set>

namespace kyc {

namespace {

using reverify::pace_source;

std::string age_or_ms(std::optional<std::chrono::milliseconds> time) {
    return format_duration(time.value_or(std::chrono::milliseconds(0)));
}

std::string words_for(const reverify::ticket_plan& plan, const settings& config) {
    switch (plan.pace) {
    case pace_source::limits:
        return "limits.rate";
    case pace_source::ticket_rate:
        return "the ticket's rate";
    case pace_source::uploads:
        return "limits.uploads of " + std::to_string(config.limits.uploads) + ", and " + age_or_ms(plan.each) +
               " an upload as of late";
    case pace_source::pending:
        return "limits.pending of " + std::to_string(config.limits.pending) + ", and " + age_or_ms(plan.each) +
               " a case as of late";
    case pace_source::unknown:
        break;
    }
    return "";
}

std::string word_for(pace_source from) {
    switch (from) {
    case pace_source::limits:
        return "limits";
    case pace_source::ticket_rate:
        return "ticket";
    case pace_source::uploads:
        return "uploads";
    case pace_source::pending:
        return "pending";
    case pace_source::unknown:
        break;
    }
    return "";
}

std::string short_number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g", value);
    return text.data();
}

void print_groups(std::ostream& out, const reverify::ticket_plan& plan) {
    const std::array<verdict, 3> verdicts{verdict::pass, verdict::fail, verdict::inconclusive};
    std::set<std::string> services;
    for (const auto& [group, cases] : plan.groups)
        services.insert(group.first);
    if (services.empty()) return;
    text_table table({"service", "pass", "fail", "inconclusive"});
    for (const auto& service : services) {
        std::vector<std::string> cells{service};
        for (const auto each : verdicts) {
            const auto found = plan.groups.find({service, std::string(to_string(each))});
            cells.push_back(std::to_string(found == plan.groups.end() ? 0 : found->second));
        }
        table.add(std::move(cells));
    }
    table.print(out, {1, 2, 3});
}

void print_skipped(std::ostream& out, const reverify::ticket_plan& plan) {
    if (plan.held + plan.without_files == 0) return;
    out << "not sent  ";
    if (plan.held != 0) out << count_words(plan.held, "case", "cases") << " with a .hold";
    if (plan.held != 0 && plan.without_files != 0) out << ", ";
    if (plan.without_files != 0)
        out << count_words(plan.without_files, "case", "cases") << " whose images are gone or changed";
    out << "\n";
}

void print_canaries(std::ostream& out, const ticket& asked, const reverify::ticket_plan& plan) {
    if (asked.canary.empty()) return;
    out << "canaries  " << plan.canaries << ", first and alone";
    for (std::size_t i = 0; i < plan.selected.missing_canaries.size(); ++i)
        out << (i == 0 ? "; not delivered: " : ", ") << printable(plan.selected.missing_canaries[i]);
    out << "\n";
}

void print_times(std::ostream& out, const ticket& asked, const reverify::ticket_plan& plan, const settings& config) {
    const auto& window = plan.window;
    if (plan.duration)
        out << "time      at least " << age_words(*plan.duration) << ": never more than "
            << short_number(plan.per_second) << " a second (" << words_for(plan, config) << ")\n";
    else
        out << "time      not known: nothing was delivered in the last 7 days, and neither limits.rate nor the ticket "
               "sets a rate\n";
    out << "window    " << window.describe() << ": begins "
        << (plan.nights <= 1 && window.is_always() ? "at once" : window.on_its_clock(plan.begins_at));
    if (plan.ends_at) out << ", ends " << window.on_its_clock(*plan.ends_at) << " at the earliest";
    if (!window.is_always() && plan.nights == 1) out << ", within one window";
    if (!window.is_always() && plan.nights > 1)
        out << (asked.next_night ? "; it takes " + std::to_string(plan.nights) + " windows"
                                 : std::string("; the window is too short for it: the rest is not done"));
    out << "\n";
}

} // namespace

void print_plan(std::ostream& out, const ticket& asked, const reverify::ticket_plan& plan, const settings& config) {
    out << printable(asked.name) << ": " << count_words(plan.selected.cases.size(), "case", "cases") << " selected, "
        << plan.selected.looked_at << " looked at in " << config.folders.outbox.string() << "\n";
    for (const auto& words : left_out_words(plan.selected.left))
        out << "left out  " << printable(words) << "\n";
    print_groups(out, plan);
    print_canaries(out, asked, plan);
    print_skipped(out, plan);
    out << "calls     " << plan.calls << (plan.budget_ends_it ? ", where the budget ends it" : ", one for each case")
        << "; what has to be repeated comes on top" << (plan.budget_ends_it ? " within it" : "") << "\n";
    if (plan.calls != 0) print_times(out, asked, plan, config);
}

std::string reverify_json(const ticket& asked, const std::string& text,
                          const std::optional<reverify::ticket_plan>& plan, const std::filesystem::path& file) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.reverify/1");
    out.key("ticket");
    out.text(asked.name);
    out.key("text");
    out.text(text);
    out.key("file");
    out.known_text(file.string());
    out.key("plan");
    if (!plan) {
        out.null();
    } else {
        out.begin_object();
        write_number(out, "selected", plan->selected.cases.size());
        write_number(out, "looked_at", plan->selected.looked_at);
        write_left_out(out, plan->selected.left);
        out.key("groups");
        out.begin_array();
        for (const auto& [group, cases] : plan->groups) {
            out.begin_object();
            out.key("service");
            out.text(group.first);
            out.key("verdict");
            out.text(group.second);
            write_number(out, "cases", cases);
            out.end_object();
        }
        out.end_array();
        write_number(out, "canaries", plan->canaries);
        out.key("missing_canaries");
        out.begin_array();
        for (const auto& each : plan->selected.missing_canaries)
            out.text(each);
        out.end_array();
        write_number(out, "held", plan->held);
        write_number(out, "without_files", plan->without_files);
        write_number(out, "calls", plan->calls);
        out.key("budget_ends_it");
        out.boolean(plan->budget_ends_it);
        out.key("per_second");
        if (plan->per_second > 0)
            out.value(boost::json::value(plan->per_second));
        else
            out.null();
        out.key("pace_from");
        out.known_text(word_for(plan->pace));
        out.key("seconds");
        if (plan->duration)
            out.integer(static_cast<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(*plan->duration).count()));
        else
            out.null();
        out.key("window");
        out.text(plan->window.describe());
        write_time(out, "begins_at", plan->begins_at);
        write_time(out, "ends_at", plan->ends_at);
        out.key("windows");
        out.known_integer(plan->nights);
        out.key("within_one_window");
        out.boolean_or_null(plan->nights == 0 ? std::nullopt : std::optional(plan->nights == 1));
        out.end_object();
    }
    out.end_object();
    return std::move(out).finish();
}

} // namespace kyc
