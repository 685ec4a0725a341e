#include "figures/instruments.hpp"

#include "admin/metrics.hpp"
#include "figures/process_figures.hpp"
#include "version.hpp"

#include <algorithm>
#include <utility>

namespace kyc {

namespace {

using kind = admin::metrics_page::kind;
using std::chrono::system_clock;

constexpr std::array poll_outcomes{poll_outcome::answered, poll_outcome::waiting, poll_outcome::task_failed,
                                   poll_outcome::rejected, poll_outcome::revoked, poll_outcome::not_understood,
                                   poll_outcome::refused,  poll_outcome::retried};

using ledger::attempt_outcome;
constexpr std::array attempt_outcomes{attempt_outcome::accepted, attempt_outcome::refused, attempt_outcome::not_sent,
                                      attempt_outcome::no_receipt, attempt_outcome::unknown};

constexpr std::array verdicts{verdict::pass, verdict::fail, verdict::inconclusive};

constexpr std::array phases{case_phase::not_ready, case_phase::waiting, case_phase::claimed,
                            case_phase::sending,   case_phase::pending, case_phase::delivering};

double of(std::uint64_t value) {
    return static_cast<double>(value);
}

double timestamp(system_clock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

double seconds(std::chrono::milliseconds time) {
    return std::chrono::duration<double>(time).count();
}

std::string_view call_word(phase value) {
    switch (value) {
    case phase::token:
        return "token";
    case phase::submit:
        return "submit";
    case phase::poll:
        return "poll";
    }
    return "";
}

/// The loop counts its turns itself.
duration_histogram turns_of(const async::loop_latency& loop) {
    static const auto bounds = [] {
        std::array<double, async::loop_latency::bounds.size()> all{};
        const auto& limits = async::loop_latency::bounds;
        std::transform(limits.begin(), limits.end(), all.begin(),
                       [](auto bound) { return std::chrono::duration<double>(bound).count(); });
        return all;
    }();
    duration_histogram turns(bounds);
    for (std::size_t i = 0; i < loop.buckets().size(); ++i)
        turns.add_counted(i, loop.buckets().at(i));
    turns.add_sum(loop.sum());
    return turns;
}

} // namespace

std::string_view to_string(poll_outcome value) {
    switch (value) {
    case poll_outcome::answered:
        return "answered";
    case poll_outcome::waiting:
        return "waiting";
    case poll_outcome::task_failed:
        return "task_failed";
    case poll_outcome::rejected:
        return "rejected";
    case poll_outcome::revoked:
        return "revoked";
    case poll_outcome::not_understood:
        return "not_understood";
    case poll_outcome::refused:
        return "refused";
    case poll_outcome::retried:
        return "retried";
    }
    return "";
}

const std::string& unknown_service() {
    static const std::string name = "unknown";
    return name;
}

instruments::instruments(std::vector<std::string> services, system_clock::time_point started) {
    for (auto& each : services) {
        state_.tickets.cases_ended.try_emplace(each);
        state_.services.try_emplace(std::move(each));
    }
    state_.started = started;
    state_.last_good_load = started;
}

void instruments::claimed(const std::string& service, std::optional<duration> waited) {
    auto& told = state_.services[service];
    ++told.claimed;
    if (waited) told.claim_delay.add(*waited);
}

void instruments::attempted(const std::string& service, lane way, attempt_outcome outcome) {
    ++state_.services[service].attempts.at(static_cast<std::size_t>(outcome));
    if (way == lane::bulk) ++state_.ticket_attempts.at(static_cast<std::size_t>(outcome));
}

void instruments::submitted(const std::string& service, duration took) {
    auto& told = state_.services[service];
    ++told.receipts;
    told.upload.add(took);
}

void instruments::polled(const std::string& service, lane way, poll_outcome outcome) {
    ++state_.services[service].polls.at(static_cast<std::size_t>(outcome));
    if (way == lane::bulk) ++state_.ticket_polls.at(static_cast<std::size_t>(outcome));
}

void instruments::answered(const std::string& service, duration took) {
    state_.services[service].answer.add(took);
}

void instruments::delivered(const std::string& service, verdict value, duration took, std::optional<duration> whole) {
    auto& told = state_.services[service];
    ++told.verdicts[value];
    told.deliver.add(took);
    if (whole) told.whole.add(*whole);
}

void instruments::failed(const std::string& service, stage where, failure_code code) {
    ++state_.services[service].failures[{where, code}];
}

void instruments::gone(const std::string& service) {
    ++state_.services[service].gone;
}

void instruments::unknown_outcome(const std::string& service) {
    ++state_.services[service].unknown_outcomes;
}

void instruments::duplicate(const std::string& service) {
    ++state_.services[service].duplicates;
}

void instruments::ticket_case_ended(const std::string& service, ticket_case_end how) {
    ++state_.tickets.cases_ended[service][how];
}

void instruments::ticket_ended(reverify::ticket_outcome how) {
    ++state_.tickets.ended.at(static_cast<std::size_t>(how));
}

void instruments::ticket_refused() {
    ++state_.tickets.refused;
}

void instruments::reloaded(bool well, system_clock::time_point at) {
    state_.reloaded_well = well;
    if (well) state_.last_good_load = at;
}

/// Writes a page, group by group.
class instruments::writer {
  public:
    writer(const state& counted, const readings& now) : counted_(counted), now_(now) {}

    std::string text() {
        process();
        cases();
        ends();
        calls();
        tickets();
        flight();
        durations();
        transport();
        tokens();
        troubles();
        disk();
        return page_.text();
    }

  private:
    void gauge(std::string_view name, std::string_view help, double value) {
        page_.single(kind::gauge, name, help, value);
    }

    void counter(std::string_view name, std::string_view help, double value) {
        page_.single(kind::counter, name, help, value);
    }

    void counter_by_service(std::string_view name, std::string_view help, std::uint64_t figures::*which) {
        page_.family(kind::counter, name, help);
        for (const auto& [service, told] : counted_.services)
            page_.value({{"service", service}}, of(told.*which));
    }

    void times_by_service(std::string_view name, std::string_view help, duration_histogram figures::*which) {
        page_.family(kind::histogram, name, help);
        for (const auto& [service, told] : counted_.services)
            if (told.claimed + told.receipts > 0 || (told.*which).sum().count() > 0)
                page_.times({{"service", service}}, told.*which);
    }

    void process();
    void cases();
    void ends();
    void calls();
    void tickets();
    void flight();
    void durations();
    void transport();
    void tokens();
    void troubles();
    void disk();

    const state& counted_;
    const readings& now_;
    admin::metrics_page page_;
};

void instruments::writer::process() {
    page_.family(kind::gauge, "kycd_build_info", "The version of kycd that runs; always 1.");
    page_.value({{"version", version}}, 1);
    const auto own = read_process_figures();
    gauge("process_start_time_seconds", "When kycd was started, in seconds since 1970.", timestamp(counted_.started));
    counter("process_cpu_seconds_total", "Processor time used, user and system.", own.cpu_seconds);
    gauge("process_resident_memory_bytes", "Memory in use.", of(own.resident_bytes));
    gauge("process_open_fds", "Open file descriptors.", of(own.open_descriptors));
    gauge("process_max_fds", "File descriptors that may be open.", of(own.most_descriptors));
}

void instruments::writer::cases() {
    page_.family(kind::gauge, "kycd_cases", "Dropped cases that have not ended, by how far they are.");
    std::array<double, case_phase_count> oldest{};
    for (const auto& row : now_.cases) {
        page_.value({{"state", to_string(row.phase)}, {"service", row.service}}, of(row.cases));
        auto& age = oldest.at(static_cast<std::size_t>(row.phase));
        age = std::max(age, of(static_cast<std::uint64_t>(row.oldest.count())));
    }
    page_.family(
        kind::gauge, "kycd_oldest_case_age_seconds",
        "How long the oldest case of a state has been in it (in the inbox: since it was dropped); 0 without one.");
    for (const auto phase : phases)
        page_.value({{"state", to_string(phase)}}, oldest.at(static_cast<std::size_t>(phase)));
}

void instruments::writer::ends() {
    counter_by_service("kycd_cases_claimed_total", "Cases taken out of the inbox.", &figures::claimed);
    page_.family(kind::counter, "kycd_cases_delivered_total", "Cases delivered to outbox/, by verdict.");
    for (const auto& [service, told] : counted_.services) {
        for (const auto value : verdicts) {
            const auto found = told.verdicts.find(value);
            page_.value({{"service", service}, {"verdict", to_string(value)}},
                        found == told.verdicts.end() ? 0 : of(found->second));
        }
    }
    page_.family(kind::counter, "kycd_cases_failed_total",
                 "Cases that ended in failed/, by stage and code of error.json.");
    for (const auto& [service, told] : counted_.services)
        for (const auto& [how, count] : told.failures)
            page_.value({{"service", service}, {"stage", to_string(how.first)}, {"code", to_string(how.second)}},
                        of(count));
    counter_by_service("kycd_cases_gone_total", "Cases whose folder somebody took out of work/.", &figures::gone);
    counter_by_service("kycd_receipts_total", "Submits that the API accepted, and bills.", &figures::receipts);
    counter_by_service(
        "kycd_unknown_outcomes_total",
        "Submits of which nobody knows whether the API accepted them; each may have been paid for nothing.",
        &figures::unknown_outcomes);
    counter_by_service(
        "kycd_duplicates_total",
        "Cases answered from an earlier one with the same bytes (intake.dedupe), without another submit.",
        &figures::duplicates);
}

void instruments::writer::calls() {
    page_.family(kind::counter, "kycd_submit_attempts_total", "Submits that were begun, by what came of them.");
    for (const auto& [service, told] : counted_.services)
        for (const auto outcome : attempt_outcomes)
            page_.value({{"service", service}, {"outcome", to_string(outcome)}},
                        of(told.attempts.at(static_cast<std::size_t>(outcome))));
    page_.family(kind::counter, "kycd_polls_total", "Questions about tasks, by what came of them.");
    for (const auto& [service, told] : counted_.services)
        for (const auto outcome : poll_outcomes)
            page_.value({{"service", service}, {"outcome", to_string(outcome)}},
                        of(told.polls.at(static_cast<std::size_t>(outcome))));
    page_.family(kind::counter, "kycd_api_responses_total",
                 "HTTP requests to the API, by the status of the reply, or by what went wrong without one.");
    for (const auto& [what, count] : now_.calls.responses())
        page_.value({{"call", call_word(what.first)}, {"status", what.second}}, of(count));
}

void instruments::writer::tickets() {
    write_ticket_metrics(page_, counted_.tickets, now_.tickets);
    page_.family(kind::counter, "kycd_ticket_submit_attempts_total",
                 "Those of kycd_submit_attempts_total that were for tickets.");
    for (const auto outcome : attempt_outcomes)
        page_.value({{"outcome", to_string(outcome)}},
                    of(counted_.ticket_attempts.at(static_cast<std::size_t>(outcome))));
    page_.family(kind::counter, "kycd_ticket_polls_total", "Those of kycd_polls_total that were for tickets.");
    for (const auto outcome : poll_outcomes)
        page_.value({{"outcome", to_string(outcome)}}, of(counted_.ticket_polls.at(static_cast<std::size_t>(outcome))));
}

void instruments::writer::flight() {
    gauge("kycd_uploads_in_flight", "Uploads under way.", of(now_.uploads_in_flight));
    gauge("kycd_uploads_allowed", "Uploads that may be under way now, as learned from the API.",
          of(now_.uploads_allowed));
    gauge("kycd_uploads_limit", "limits.uploads.", of(now_.uploads_limit));
    gauge("kycd_polls_in_flight", "Polls under way.", of(now_.polls_in_flight));
    gauge("kycd_polls_allowed", "Polls that may be under way now, as learned from the API.", of(now_.polls_allowed));
    gauge("kycd_polls_limit", "limits.polls.", of(now_.polls_limit));
    gauge("kycd_pending", "Cases in hand, from the claim to the end.", of(now_.pending));
    gauge("kycd_pending_limit", "limits.pending.", of(now_.pending_limit));
    gauge("kycd_image_bytes_held", "Bytes of images in memory.", of(now_.image_bytes));
    gauge("kycd_image_bytes_limit", "limits.memory.", of(now_.image_bytes_limit));
}

void instruments::writer::durations() {
    times_by_service("kycd_claim_delay_seconds", "From the drop of a case to its claim.", &figures::claim_delay);
    times_by_service("kycd_upload_duration_seconds", "From the begin of an accepted upload to its receipt.",
                     &figures::upload);
    times_by_service("kycd_answer_duration_seconds", "From the receipt to the answer.", &figures::answer);
    times_by_service("kycd_deliver_duration_seconds", "From the answer until the case lay in outbox/.",
                     &figures::deliver);
    times_by_service("kycd_case_duration_seconds", "From the drop of a case until it lay in outbox/.", &figures::whole);
    page_.family(kind::histogram, "kycd_scan_duration_seconds", "Listing the whole inbox.");
    page_.times({}, now_.scans);
    if (now_.last_scan)
        gauge("kycd_last_scan_timestamp_seconds", "When the inbox was last listed as a whole.",
              timestamp(*now_.last_scan));
    page_.family(kind::histogram, "kycd_loop_turn_seconds",
                 "How long the event loop was away from everybody else, turn by turn.");
    page_.times({}, turns_of(now_.loop));
}

void instruments::writer::transport() {
    counter("kycd_sent_bytes_total", "Request bodies sent to the API.", of(now_.net.bytes_sent));
    counter("kycd_received_bytes_total", "Replies received from the API, as they were before TLS.",
            of(now_.net.bytes_received));
    page_.family(kind::counter, "kycd_tls_handshakes_total",
                 "TLS handshakes, by whether an earlier session was resumed.");
    page_.value({{"resumed", "true"}}, of(now_.net.resumed));
    page_.value({{"resumed", "false"}}, of(now_.net.handshakes - now_.net.resumed));
    gauge("kycd_connections_open", "Connections to the API, those in use and those kept.", of(now_.net.open));
}

void instruments::writer::tokens() {
    using progeny::renewal;
    using progeny::renewal_end;
    if (now_.token_age && now_.api.token_life) {
        gauge("kycd_token_age_seconds", "How old the access token is; absent without one that is good.",
              seconds(*now_.token_age));
        gauge("kycd_token_expiry_timestamp_seconds", "When the access token ends; absent without one that is good.",
              timestamp(now_.now + *now_.api.token_life));
    }
    page_.family(kind::counter, "kycd_token_renewals_total",
                 "Attempts to get tokens: logins (obtain) and refreshes, by what came of them.");
    for (const auto& [how, kind_word] : {std::pair(renewal::obtain, "obtain"), {renewal::refresh, "refresh"}})
        for (const auto& [end, end_word] :
             {std::pair(renewal_end::ok, "ok"), {renewal_end::refused, "refused"}, {renewal_end::failed, "failed"}})
            page_.value({{"kind", kind_word}, {"outcome", end_word}}, of(now_.calls.renewals(how, end)));
}

void instruments::writer::troubles() {
    gauge("kycd_api_down", "1 while the API's host is down for all (the breaker is open).", now_.api.host_down ? 1 : 0);
    gauge("kycd_api_rest_seconds",
          "What is left of a rest that the API asked for by refusing calls; 0: calls are made.",
          std::chrono::duration<double>(now_.api.pace.resting_for).count());
    gauge("kycd_credentials_refused", "1 while the API refuses the credentials.", now_.api.credentials_refused ? 1 : 0);
    page_.family(kind::gauge, "kycd_service_paused",
                 "1 while the submits of a service wait because the API refused too many.");
    for (const auto& each : counted_.services) {
        const auto is_this = [&each](const auto& paused) { return paused.service == each.first; };
        const bool paused = std::any_of(now_.api.paused.begin(), now_.api.paused.end(), is_this);
        page_.value({{"service", each.first}}, paused ? 1 : 0);
    }
    gauge("kycd_faults", "Kinds of trouble of the system (a full disk, a lost mount) that are being waited out.",
          of(now_.faults));
    gauge("kycd_retry_budget_left", "What is left of retry.budget.", of(now_.api.retry_budget_left));
    gauge("kycd_config_last_reload_successful", "0 when the last reload of the configuration failed.",
          counted_.reloaded_well ? 1 : 0);
    gauge("kycd_config_last_reload_success_timestamp_seconds", "When the configuration was last taken over.",
          timestamp(counted_.last_good_load));
}

void instruments::writer::disk() {
    page_.family(
        kind::histogram, "kycd_sync_duration_seconds",
        "Making claims durable, and moving answered and failed cases out of work/: one round for all that wait.");
    page_.times({{"step", "claim"}}, now_.claim_syncs);
    page_.times({{"step", "deliver"}}, now_.deliver_syncs);
    page_.family(kind::histogram, "kycd_ledger_commit_duration_seconds", "Commits of the ledger.");
    page_.times({}, now_.ledger.commit_times);
    counter("kycd_ledger_commits_total", "Commits of the ledger.", of(now_.ledger.commits));
    counter("kycd_ledger_writes_total", "Writes that those commits carried.", of(now_.ledger.writes));
    if (now_.disk.ledger_bytes)
        gauge("kycd_ledger_size_bytes", "The ledger's file with its write-ahead log.", of(*now_.disk.ledger_bytes));
    page_.family(kind::gauge, "kycd_free_bytes", "Room left for kycd on the file system of a folder.");
    for (const auto& room : now_.disk.rooms)
        page_.value({{"folder", room.what}}, of(room.free_bytes));
}

std::function<std::string()> instruments::page(readings now) const {
    return [counted = state_, now = std::move(now)] { return writer(counted, now).text(); };
}

} // namespace kyc
