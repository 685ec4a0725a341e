#include "reverify/ticket_plan.hpp"

#include "core/report_read.hpp"
#include "fs/atomic_file.hpp"
#include "fs/removal.hpp"
#include "fs/root_mount.hpp"
#include "fs/safe_open.hpp"

#include <algorithm>
#include <sys/stat.h>

namespace kyc::reverify {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t largest_result = 64ull << 20;

/// How far back cases are looked at for how long they take, and how many of them at most.
constexpr auto lately = 24h * 7;
constexpr std::size_t enough_cases = 10'000;

/// A plan of more nights than this tells nobody anything.
constexpr std::uint64_t most_nights = 1'000;

/// Whether the images stand as they were sent, by their sizes: hashes are compared before anything is paid.
bool has_files(const fs::folder& place) {
    const auto text = fs::read_text(place, "result.json", largest_result);
    const auto facts = text ? read_report(*text) : std::nullopt;
    if (!facts) return false;
    return std::all_of(facts->about.files.begin(), facts->about.files.end(), [&](const file_facts& file) {
        const auto found = fs::stat_in(place, file.name);
        return found && *found && S_ISREG((*found)->st_mode) &&
               static_cast<std::uint64_t>((*found)->st_size) == file.bytes;
    });
}

result<void> look_at_cases(const fs::spool_layout& layout, ticket_plan& plan) {
    const auto outbox = fs::open_root(layout, fs::spool_root::outbox);
    if (!outbox) return outbox.error();
    for (const auto& each : plan.selected.cases) {
        const auto& one = each.which;
        ++plan.groups[{one.service, std::string(to_string(one.verdict))}];
        if (each.canary) ++plan.canaries;
        const auto place = fs::open_folder_in(*outbox, one.folder + "/" + one.place);
        const auto mark =
            place ? fs::stat_in(*place, fs::hold_mark) : result<std::optional<struct stat>>(place.error());
        if (mark && *mark)
            ++plan.held;
        else if (!place || !has_files(*place))
            ++plan.without_files;
    }
    return {};
}

using times = std::vector<std::chrono::milliseconds>;

/// How long dropped cases took lately: the upload until its receipt, and the receipt's wait for the answer with it.
struct lately_taken {
    times uploads;
    times wholes;
};

lately_taken read_times(ledger::reader& ledger, utc_time now) {
    lately_taken read;
    ledger::case_filter which;
    which.state = ledger::case_state::delivered;
    which.since = now - lately;
    const auto visit = [&read](const ledger::case_history& one) {
        const auto& last = one.about.last;
        if (one.about.key.lane != lane::live || !last || last->outcome != ledger::attempt_outcome::accepted ||
            !last->ended_at || *last->ended_at < last->sent_at || one.end.at < *last->ended_at)
            return true;
        read.uploads.push_back(std::chrono::round<std::chrono::milliseconds>(*last->ended_at - last->sent_at));
        read.wholes.push_back(std::chrono::round<std::chrono::milliseconds>(one.end.at - last->sent_at));
        return read.wholes.size() < enough_cases;
    };
    if (!ledger.list(which, visit)) return {};
    return read;
}

/// At least a millisecond: the ledger knows no less.
std::chrono::milliseconds median(times& of) {
    const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
    std::nth_element(of.begin(), middle, of.end());
    return std::max(*middle, std::chrono::milliseconds(1));
}

/// What cannot be exceeded. How many cases were dropped in an hour says nothing about it: on a quiet day few are.
void set_pace(const settings& config, const ticket& asked, ledger::reader* ledger, utc_time now, ticket_plan& plan) {
    const auto at_most = [&plan](double per_second, pace_source from) {
        if (per_second <= 0 || (plan.per_second > 0 && plan.per_second <= per_second)) return;
        plan.per_second = per_second;
        plan.pace = from;
        plan.each.reset();
    };
    const auto at_once = [&](std::size_t places, times& took, pace_source from) {
        if (took.empty()) return;
        const auto each = median(took);
        at_most(static_cast<double>(places) / std::chrono::duration<double>(each).count(), from);
        if (plan.pace == from) plan.each = each;
    };
    at_most(config.limits.rate, pace_source::limits);
    at_most(asked.rate, pace_source::ticket_rate);
    if (ledger == nullptr) return;
    auto took = read_times(*ledger, now);
    at_once(config.limits.uploads, took.uploads, pace_source::uploads);
    at_once(config.limits.pending, took.wholes, pace_source::pending);
}

/// From the first call on. A rate lets a second's worth go at once, or one call, see async/rate_limit.hpp.
std::chrono::duration<double> least_time(const ticket_plan& plan) {
    const auto one_by_one = static_cast<double>(plan.calls) / plan.per_second;
    const bool by_rate = plan.pace == pace_source::limits || plan.pace == pace_source::ticket_rate;
    const auto at_once = by_rate ? std::max(1.0, 1 / plan.per_second) : 0.0;
    return std::chrono::duration<double>(std::max(one_by_one - at_once, 0.0));
}

void set_times(const ticket& asked, utc_time now, ticket_plan& plan) {
    plan.begins_at = plan.window.opens(now);
    if (plan.per_second <= 0) return;
    const auto took = least_time(plan);
    plan.duration =
        std::chrono::ceil<std::chrono::milliseconds>(std::min<std::chrono::duration<double>>(took, 24h * 36'500));
    const auto ends = plan.window.done_after(now, *plan.duration);
    if (ends == time_window::time::max()) return;
    plan.nights = 1;
    if (!plan.window.is_always()) {
        auto closes = plan.window.closes(plan.begins_at);
        const bool goes_on = asked.next_night;
        while (ends > closes && plan.nights < most_nights) {
            ++plan.nights;
            closes = plan.window.closes(plan.window.opens(closes));
        }
        if (!goes_on && plan.nights > 1) {
            plan.ends_at = plan.window.closes(plan.begins_at);
            return;
        }
    }
    plan.ends_at = ends;
}

} // namespace

result<ticket_plan> plan_ticket(const settings& config, const ticket& asked, ledger::reader* ledger, utc_time now) {
    const fs::spool_layout layout(config.folders);
    auto selected = select_cases(layout, config.services, asked, now, [] { return true; });
    if (!selected) return selected.error();
    ticket_plan plan;
    plan.selected = std::move(*selected);
    plan.window = asked.window.value_or(config.bulk.window);
    if (auto done = look_at_cases(layout, plan); !done) return done.error();
    plan.calls = plan.selected.cases.size() - plan.held - plan.without_files;
    if (asked.calls && *asked.calls < plan.calls) {
        plan.calls = *asked.calls;
        plan.budget_ends_it = true;
    }
    set_pace(config, asked, ledger, now, plan);
    set_times(asked, now, plan);
    return plan;
}

result<std::vector<std::string>> missing_canaries(const settings& config, const ticket& asked, utc_time now) {
    if (asked.canary.empty()) return std::vector<std::string>();
    const fs::spool_layout layout(config.folders);
    const auto all = [] { return true; };
    ticket canaries;
    canaries.canary = canaries.which.names = asked.canary;
    const auto found = select_cases(layout, config.services, canaries, now, all);
    if (!found) return found.error();
    if (found->missing_canaries.empty()) return std::vector<std::string>();
    // A case may be called otherwise than its folder.
    const auto every = select_cases(layout, config.services, asked, now, all);
    if (!every) return every.error();
    return every->missing_canaries;
}

std::string missing_canaries_words(const std::vector<std::string>& names) {
    std::string words = "canary: there is no delivered case called ";
    for (std::size_t i = 0; i < names.size(); ++i)
        words += (i == 0 ? "" : ", ") + names[i];
    return words;
}

} // namespace kyc::reverify
