#include "reverify/bulk_lane.hpp"

#include "life/keep_trying.hpp"
#include "reverify/view_ticket.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kyc::reverify {

using std::chrono::steady_clock;

namespace {

/// Rows that are read ahead of a ticket's cases.
constexpr std::size_t at_a_time = 200;

/// Cases of one service that wait for their next try. So many that were never once taken are no matter of bad cases.
constexpr std::size_t most_waiting = 1'000;

/// After a live case had to wait, bulk cases keep to their share for so long: the next one may be on its way.
constexpr std::chrono::seconds live_is_about{10};

/// A window's edge, or a clock that was set, is seen within.
constexpr std::chrono::seconds longest_sleep{1};

case_key key_of(const ledger::ticket_case& row) {
    return {row.folder, row.place, lane::bulk};
}

ledger::case_record new_record(std::int64_t ticket, const ledger::ticket_case& row) {
    ledger::case_record record;
    record.key = key_of(row);
    record.service = row.service;
    record.ticket = ticket;
    return record;
}

/// The record if it is this ticket's; what an older kycd left is of the first ticket that asks for the case.
std::map<case_key, ledger::case_record>::node_type take_own(std::map<case_key, ledger::case_record>& known,
                                                            const case_key& key, std::int64_t ticket) {
    const auto found = known.find(key);
    if (found == known.end() || (found->second.ticket != 0 && found->second.ticket != ticket)) return {};
    auto own = known.extract(found);
    own.mapped().ticket = ticket;
    return own;
}

} // namespace

bulk_lane::bulk_lane(case_world& world, std::function<bool()> live_waits, const boost::asio::any_io_executor& loop,
                     async::task_group& cases, async::task_group::on_exception on_exception)
    : bell(loop), world_(world), live_waits_(std::move(live_waits)), loop_(loop), cases_(cases),
      on_exception_(std::move(on_exception)) {}

bulk_lane::~bulk_lane() = default;

running_ticket* bulk_lane::find(std::int64_t id) const {
    const auto is_it = [id](const auto& each) { return each->about.id == id; };
    const auto found = std::find_if(tickets_.begin(), tickets_.end(), is_it);
    return found == tickets_.end() ? nullptr : found->get();
}

running_ticket& bulk_lane::ticket_of(const bulk_case& which) const {
    return *find(which.ticket); // a ticket stays until none of its cases is in hand
}

async::awaitable<running_ticket*> bulk_lane::add(std::unique_ptr<running_ticket> ticket,
                                                 std::map<case_key, ledger::case_record>& known) {
    auto& added = *ticket;
    std::vector<ledger::ticket_case> asked_before;
    // Everything is looked at once: where the canaries stand, and which cases were on their way.
    for (std::uint64_t after = 0;;) {
        auto read = [&]() { return world_.ledger.tickets().ticket_cases(added.about.id, after, at_a_time, false); };
        auto rows = co_await keep_trying(world_, read);
        if (rows.empty()) break;
        after = rows.back().number;
        for (auto& row : rows) {
            const bool waits = row.end == ticket_case_end::waiting;
            if (row.canary && waits) ++added.canaries_left;
            if (row.canary && !waits) added.note_canary(row);
            if (!waits) continue;
            auto open = take_own(known, key_of(row), added.about.id);
            if (!open) continue;
            added.calls += open.mapped().paid;
            const bool has_task = !open.mapped().task_id().empty();
            added.sent.insert_or_assign(row.number, sent_case{open.mapped().paid, has_task});
            added.known.insert(std::move(open));
            if (has_task) asked_before.push_back(std::move(row));
        }
        if (known.empty() && !rows.back().canary) break; // canaries come first
    }
    tickets_.push_back(std::move(ticket)); // not before all is counted: feed() looks at it from now on
    stop_if_asked(added);
    for (auto& row : asked_before) {
        row.calls = added.known.at(key_of(row)).paid;
        auto record = std::move(added.known.extract(key_of(row)).mapped());
        added.resumed.insert(row.number);
        owners_.insert_or_assign(record.key, added.about.id);
        auto again = take_in_hand(added, std::move(row));
        cases_.spawn(run_case(std::move(again), std::move(record), {}));
    }
    bell.notify_all();
    co_return &added;
}

std::unique_ptr<bulk_case> bulk_lane::take_in_hand(running_ticket& ticket, ledger::ticket_case row) {
    ++ticket.in_hand;
    ++in_hand_;
    ++sending_;
    ++unsent_[row.folder].cases;
    const auto calls = row.calls;
    owners_.try_emplace(key_of(row), ticket.about.id);
    auto again = std::make_unique<bulk_case>(*this, ticket.about.id, std::move(row));
    again->calls = calls;
    return again;
}

bool bulk_lane::is_anothers(const case_key& key, std::int64_t ticket) const {
    const auto owner = owners_.find(key);
    if (owner != owners_.end() && owner->second != ticket) return true;
    const auto sent_it = [&](const auto& each) { return each->about.id != ticket && each->known.contains(key); };
    return std::any_of(tickets_.begin(), tickets_.end(), sent_it);
}

void bulk_lane::let_go(const bulk_case& which) {
    const auto owner = owners_.find(key_of(which.row));
    if (owner != owners_.end() && owner->second == which.ticket) owners_.erase(owner);
    --ticket_of(which).in_hand;
    --in_hand_;
    if (which.before_receipt) no_longer_unsent(which);
    bell.notify_all();
}

void bulk_lane::no_longer_unsent(const bulk_case& which) {
    --sending_;
    const auto found = unsent_.find(which.row.folder);
    if (--found->second.cases == 0) unsent_.erase(found);
}

bool bulk_lane::live_waited() const {
    return live_waited_ != steady_clock::time_point{} && steady_clock::now() - live_waited_ < live_is_about;
}

std::size_t bulk_lane::share_of(std::uint64_t limit) const {
    return static_cast<std::size_t>(std::floor(world_.config->bulk.share * static_cast<double>(limit)));
}

/// Uploads at a time, and tasks that are waited for.
bool bulk_lane::has_room() {
    if (live_waits_()) live_waited_ = steady_clock::now();
    // A place or two are left for the first live case of a while.
    const auto places = world_.before_receipt.limit();
    const auto sending_allowed =
        live_waited() ? share_of(world_.uploads.limit()) : places - std::max(places / 8, std::uint64_t{1});
    return sending_ < sending_allowed && in_hand_ < std::max<std::size_t>(share_of(world_.unanswered.limit()), 1);
}

running_ticket* bulk_lane::next_ticket() {
    if (world_.stopping) return nullptr;
    const auto now = std::chrono::system_clock::now();
    const auto steady_now = steady_clock::now();
    const auto can = [&](const auto& each) {
        return each->may_begin(now) && each->rate.free_at(steady_now) <= steady_now && can_begin(*each);
    };
    const auto found = std::find_if(tickets_.begin(), tickets_.end(), can);
    return found == tickets_.end() ? nullptr : found->get();
}

/// While the API takes no cases of a service, one in hand that waits for that is enough to notice when it does again:
/// more would stand in the way of other services and tickets. Once as many of a service wait for their next try as may
/// be sent at a time, more are begun one by one: what gets through tells bad cases from an API that is in trouble.
bool bulk_lane::is_turned_away(const std::string& folder) const {
    const auto found = unsent_.find(folder);
    if (found == unsent_.end()) return false;
    const auto& unsent = found->second;
    if (!admits(folder)) return unsent.cases != 0;
    if (unsent.waiting < world_.config->limits.uploads) return false;
    return unsent.cases > unsent.waiting || unsent.waiting >= most_waiting;
}

/// Whether the API takes cases of the service now.
bool bulk_lane::admits(const std::string& folder) const {
    const auto* target = world_.config->services.find(folder);
    return target == nullptr || world_.api.admits(progeny::caller(target, false, lane::bulk));
}

/// Of which service the ticket's next case is: the first one in its order that may be begun; before the canaries have
/// ended, one of these. None: nothing that was read can be begun.
std::optional<std::string> bulk_lane::next_folder(const running_ticket& ticket) const {
    const bool for_canaries = ticket.canaries_left != 0;
    const auto may_be_begun = [this, for_canaries](const std::string& folder, const ticket_queue::line& of) {
        return (!for_canaries || of.has_canary()) && !is_turned_away(folder);
    };
    return ticket.queue.first_folder(may_be_begun);
}

/// Whether a case of the ticket is there to be begun, or may be among those that have not been read.
bool bulk_lane::can_begin(const running_ticket& ticket) const {
    if (next_folder(ticket)) return true;
    return !ticket.all_read && (ticket.canaries_left == 0 || ticket.queue.empty());
}

/// The next case of the service. Where the API has refused one after the other, what is far from these finds out sooner
/// that it takes others.
ledger::ticket_case bulk_lane::take_next(running_ticket& ticket, const std::string& folder) const {
    const bool as_probe = ticket.canaries_left == 0 && !admits(folder);
    return as_probe ? ticket.queue.take_last(folder) : ticket.queue.take_first(folder);
}

steady_clock::duration bulk_lane::until_next_look() const {
    const auto now = steady_clock::now();
    auto wait =
        tickets_.empty() ? steady_clock::duration(std::chrono::hours(1)) : steady_clock::duration(longest_sleep);
    for (const auto& each : tickets_)
        if (const auto free = each->rate.free_at(now); free > now) wait = std::min(wait, free - now);
    return wait;
}

async::awaitable<void> bulk_lane::read_ahead(running_ticket& ticket) {
    const auto id = ticket.about.id;
    auto read = [this, id, after = ticket.read_to]() {
        return world_.ledger.tickets().ticket_cases(id, after, at_a_time, true);
    };
    auto rows = co_await keep_trying(world_, read);
    auto* still = find(id);
    if (still == nullptr) co_return;
    still->all_read = rows.size() < at_a_time;
    if (rows.empty()) co_return;
    still->read_to = rows.back().number;
    for (auto& row : rows) // those that went on by themselves at the start are not begun again
        if (!still->resumed.contains(row.number)) still->queue.add(std::move(row));
}

/// What was passed over while its service was not taken.
async::awaitable<void> bulk_lane::read_again(running_ticket& ticket, const std::string& folder) {
    const auto id = ticket.about.id;
    const auto from = ticket.queue.lines().at(folder).passed_over_from;
    auto read = [this, id, from]() { return world_.ledger.tickets().ticket_cases(id, from - 1, at_a_time, true); };
    auto rows = co_await keep_trying(world_, read);
    auto* still = find(id);
    if (still == nullptr) co_return;
    const bool more = rows.size() == at_a_time && rows.back().number < still->read_to;
    still->queue.passed_over_from(folder, more ? rows.back().number + 1 : 0);
    for (auto& row : rows)
        if (row.number <= still->read_to && !still->resumed.contains(row.number))
            still->queue.add_again(folder, std::move(row));
}

async::awaitable<void> bulk_lane::feed() {
    for (;;) {
        auto* chosen = has_room() ? next_ticket() : nullptr;
        if (chosen == nullptr) {
            (void)co_await bell.wait_for(until_next_look());
            continue;
        }
        const auto wanted = next_folder(*chosen);
        if (!wanted) {
            co_await read_ahead(*chosen);
            continue;
        }
        if (chosen->queue.lines().at(*wanted).has_to_be_read()) {
            co_await read_again(*chosen, *wanted);
            continue;
        }
        // In this order everywhere, see recovery.cpp.
        auto unanswered = co_await world_.unanswered.acquire(1, async::urgency::behind);
        chosen = has_room() ? next_ticket() : nullptr; // that may have taken hours
        if (chosen == nullptr) continue;
        auto& ticket = *chosen;
        const auto folder = next_folder(ticket);
        if (!folder || ticket.queue.lines().at(*folder).has_to_be_read()) continue;
        (void)ticket.rate.book(steady_clock::now());
        auto row = take_next(ticket, *folder);
        auto record = new_record(ticket.about.id, row);
        if (auto open = ticket.known.extract(record.key)) {
            record = std::move(open.mapped());
            row.calls = std::max(row.calls, record.paid);
            // Who began a case goes on with it, though another that met it first is about to pass it over.
            owners_.insert_or_assign(record.key, ticket.about.id);
        }
        ticket.sending.spawn(run_case(take_in_hand(ticket, std::move(row)), std::move(record), std::move(unanswered)));
    }
}

void bulk_lane::remove(const running_ticket& ticket) {
    tickets_.remove_if([&ticket](const auto& each) { return each.get() == &ticket; });
}

void bulk_lane::hold_back(running_ticket& ticket) {
    ticket.sending.cancel();
}

async::awaitable<void> bulk_lane::end() {
    for (auto& each : tickets_)
        each->sending.cancel();
    for (auto& each : tickets_)
        co_await each->sending.join();
}

std::vector<ticket_view> bulk_lane::view(utc_time now) const {
    std::vector<ticket_view> all;
    if (tickets_.empty()) return all;
    auto in_the_way = obstacles_of(world_, now);
    in_the_way.dropped_first = live_waited() && sending_ >= share_of(world_.uploads.limit());
    for (const auto& each : tickets_)
        all.push_back(view_of(*each, in_the_way, now));
    return all;
}

bool bulk_lane::may_send(const bulk_case& which) const {
    const auto& ticket = ticket_of(which);
    // Its own call is not among them yet.
    return !world_.stopping && ticket.may_call(std::chrono::system_clock::now()) && !ticket.over_budget();
}

async::awaitable<void> bulk_lane::take_turn(const bulk_case& which) {
    return ticket_of(which).rate.take();
}

void bulk_lane::called(bulk_case& which, bool paid) {
    auto& ticket = ticket_of(which);
    if (paid) {
        ++ticket.calls;
        ++which.calls;
    } else {
        --ticket.calls;
        --which.calls;
    }
    ticket.sent[which.row.number].calls = which.calls;
}

void bulk_lane::has_receipt(bulk_case& which) {
    if (!std::exchange(which.before_receipt, false)) return;
    auto& ticket = ticket_of(which);
    ticket.pace.moved(steady_clock::now());
    ticket.sent[which.row.number].has_task = true;
    which.sent = {};
    no_longer_unsent(which);
    bell.notify_all();
}

void bulk_lane::held_back(const bulk_case& which, bool waits) {
    auto& of_ticket = ticket_of(which).held_back;
    if (waits) {
        ++of_ticket[which.row.service];
    } else if (const auto found = of_ticket.find(which.row.service); --found->second == 0) {
        of_ticket.erase(found);
    }
    if (which.before_receipt) {
        auto& unsent = unsent_.at(which.row.folder);
        waits ? ++unsent.waiting : --unsent.waiting;
        waits ? --sending_ : ++sending_;
    }
    bell.notify_all();
}

bool bulk_lane::has_to_wait(const bulk_case& which) const {
    return !which.before_receipt || unsent_.at(which.row.folder).waiting == 0;
}

void bulk_lane::ended(const bulk_case& which) {
    auto& ticket = ticket_of(which);
    ticket.balance.add(which.row.end);
    ticket.sent.erase(which.row.number);
    ticket.pace.ended(steady_clock::now());
    world_.day.metrics.ticket_case_ended(service_name(world_.config->services, which.row.folder), which.row.end);
    if (which.row.canary) {
        --ticket.canaries_left;
        ticket.note_canary(which.row);
    }
    stop_if_asked(ticket);
    let_go(which);
}

void bulk_lane::stop_if_asked(running_ticket& ticket) {
    if (!ticket.ending.empty()) return;
    if (const auto why = reason_to_stop(ticket.asked, ticket.balance)) ticket.ending = *why;
}

void bulk_lane::given_back(const bulk_case& which, const ledger::case_record& known) {
    auto& ticket = ticket_of(which);
    auto row = which.row;
    row.calls = which.calls;
    if (known.last) {
        auto kept = known;
        kept.paid = which.calls;
        ticket.sent.insert_or_assign(row.number, sent_case{which.calls, known.has_task()});
        ticket.known.insert_or_assign(known.key, std::move(kept));
    }
    ticket.queue.give_back(std::move(row));
    let_go(which);
}

} // namespace kyc::reverify
