#include "systemd/service_state.hpp"

#include "core/json_text.hpp"
#include "figures/progress_marks.hpp"
#include "life/case_world.hpp"
#include "life/intake.hpp"
#include "told/pauses.hpp"

#include <algorithm>
#include <string_view>

namespace kyc {

namespace {

/// `systemctl status` cuts what is longer than a line.
constexpr std::size_t longest_reason = 200;

/// "41 s", "12 min", "3 h": so that the line changes seldom.
std::string age_words(std::chrono::seconds age) {
    if (age < std::chrono::minutes(2)) return std::to_string(std::max<std::int64_t>(age.count(), 0)) + " s";
    if (age < std::chrono::hours(2)) return std::to_string(age / std::chrono::minutes(1)) + " min";
    if (age < std::chrono::hours(48)) return std::to_string(age / std::chrono::hours(1)) + " h";
    return std::to_string(age / std::chrono::hours(24)) + " d";
}

void add(std::string& line, std::string_view separator, const std::string& words) {
    if (!line.empty()) line += separator;
    line += words;
}

std::string count_words(const service_state& state) {
    std::string line;
    const auto count = [&line](std::uint64_t cases, const char* what) {
        if (cases > 0) add(line, ", ", std::to_string(cases) + " " + what);
    };
    count(state.uploading, "uploading");
    count(state.pending, "waiting for answers");
    count(state.before, "to be sent");
    count(state.inbox, "in the inbox");
    if (!line.empty() && state.oldest) add(line, ", ", "oldest " + age_words(*state.oldest));
    return line.empty() ? "nothing to do" : line;
}

std::string stop_words(const service_state& state) {
    if (state.uploading == 0) return "stopping: what is known goes to disk";
    return "stopping: " + std::to_string(state.uploading) + (state.uploading == 1 ? " upload" : " uploads") +
           " to finish; tasks are polled on at the next start";
}

/// The words of a fault name paths, and so cases: those are for the log.
std::vector<std::string> what_is_paused(const case_world& world) {
    std::vector<std::string> paused;
    for (const auto& each : world.faults.now())
        paused.push_back("a fault of the system: " + each.error.message());
    const auto health = world.api.health();
    if (health.credentials_refused) {
        paused.push_back("credentials refused: " + health.why);
    } else if (health.host_down) {
        paused.push_back("the API is down: " + health.why);
    } else if (health.no_token) {
        paused.push_back("the API gives no token: " + health.why);
    } else if (health.pace.resting_for >= shortest_rest_told) {
        paused.emplace_back("the API asked for a rest: it refused calls that came too fast");
    }
    for (const auto& each : health.paused)
        paused.push_back(each.service + " takes no cases for now: " + each.why);
    return paused;
}

/// The longest that a case stands where it is. One that its producer has not finished says nothing about kycd.
std::optional<std::chrono::seconds> oldest_of(const census& stands) {
    std::optional<std::chrono::seconds> oldest;
    for (const auto& row : stands.rows(to_epoch_seconds(std::chrono::system_clock::now())))
        if (row.phase != case_phase::not_ready) oldest = std::max(oldest.value_or(row.oldest), row.oldest);
    return oldest;
}

} // namespace

service_state look_at_service(const case_world& world, const intake& taking, const progress_marks& progress) {
    service_state state;
    for (const auto& [folder, queue] : taking.queues())
        state.inbox += queue.queued + queue.not_ready;
    const std::uint64_t total = world.in_hand.size();
    const auto before_receipt = std::min<std::uint64_t>(total, world.before_receipt.used() + world.held_back.all());
    state.uploading = std::min<std::uint64_t>(before_receipt, world.uploads.used());
    state.before = before_receipt - state.uploading;
    state.pending = total - before_receipt;
    state.moved = world.count.delivered() + world.count.failed();
    state.oldest = oldest_of(world.day.stands);
    state.paused = what_is_paused(world);
    state.stuck = progress.stuck();
    state.longest_upload = world.config->api.timeouts.request;
    return state;
}

std::string status_words(const service_state& state) {
    std::string line;
    if (!state.stuck.empty()) line = "standing still: " + state.stuck;
    for (const auto& each : state.paused)
        add(line, "; ", "paused: " + std::string(utf8_prefix(each, longest_reason)));
    switch (state.at) {
    case service_state::phase::starting:
        add(line, "; ", "starting: going through what an earlier run left");
        break;
    case service_state::phase::running:
        add(line, "; ", count_words(state));
        break;
    case service_state::phase::stopping:
        add(line, "; ", stop_words(state));
        break;
    }
    return line;
}

} // namespace kyc
