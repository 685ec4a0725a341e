#include "admin/history.hpp"

#include "core/json_writer.hpp"
#include "core/report_json.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace kyc::admin {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t minutes_of_a_day = 24 * 60;
constexpr std::int64_t minutes_told = 12 * 60;

/// One more than are told: the running one.
constexpr std::size_t rows_kept = minutes_of_a_day + 1;
constexpr std::size_t durations_kept = minutes_told + 1;

// A duration's class: 16 for each power of two, so that the middle of one is 3 % off at most.
constexpr int fine_bits = 4;
constexpr std::uint64_t fine = 1U << fine_bits;
constexpr std::uint64_t longest = (1ULL << 31) - 1; ///< 24 days, in milliseconds
constexpr std::size_t classes = (31 - fine_bits + 1) * fine;

std::uint16_t class_of(milliseconds took) {
    const auto value = std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)), longest);
    if (value < fine) return static_cast<std::uint16_t>(value);
    const int shift = static_cast<int>(std::bit_width(value)) - 1 - fine_bits;
    return static_cast<std::uint16_t>((static_cast<std::uint64_t>(shift) + 1) * fine + ((value >> shift) & (fine - 1)));
}

milliseconds middle_of(std::size_t place) {
    if (place < fine) return milliseconds(place);
    const auto shift = place / fine - 1;
    const auto lowest = (fine + place % fine) << shift;
    return milliseconds(static_cast<std::int64_t>(lowest + ((1ULL << shift) >> 1)));
}

/// The duration that this share of `all` does not exceed. `counts`: by class, in their order.
template<class Counts>
milliseconds rank(const Counts& counts, std::uint64_t all, double share) {
    const double wanted = std::max(std::ceil(share * static_cast<double>(all)), 1.0);
    std::uint64_t seen = 0;
    for (const auto& [place, count] : counts) {
        seen += count;
        if (static_cast<double>(seen) >= wanted) return middle_of(place);
    }
    return milliseconds(0);
}

template<class Counts>
history::latency latency_of(const Counts& counts) {
    history::latency told;
    for (const auto& [place, count] : counts)
        told.cases += count;
    if (told.cases == 0) return told;
    told.half = rank(counts, told.cases, 0.5);
    told.most = rank(counts, told.cases, 0.95);
    return told;
}

std::int64_t minute_of(history::time at) {
    return std::chrono::floor<std::chrono::minutes>(at.time_since_epoch()).count();
}

void write_milliseconds(json_writer& out, const std::optional<milliseconds>& value) {
    if (value) {
        out.integer(std::int64_t{value->count()});
    } else {
        out.null();
    }
}

std::size_t place_of(std::int64_t minute, std::size_t size) {
    return static_cast<std::size_t>(std::max<std::int64_t>(minute, 0)) % size;
}

} // namespace

history::history() : rows_(rows_kept), durations_(durations_kept) {}

history::row& history::row_at(time at) {
    const auto of = std::max(minute_of(at), newest_);
    if (of > newest_) {
        // A minute is over: worked out now, so that to_json() has not to do it for hundreds of them.
        if (const auto* times = find_durations(newest_); times != nullptr) (void)latency_in(*times);
    }
    newest_ = of;
    if (first_ < 0) first_ = of;
    auto& found = rows_[place_of(of, rows_.size())];
    if (found.of != of) {
        const auto* before = find(of - 1);
        const auto left = before != nullptr ? before->backlog : 0;
        found = row{};
        found.of = of;
        found.backlog = left; // until it is told anew
    }
    return found;
}

const history::row* history::find(minute of) const {
    const auto& found = rows_[place_of(of, rows_.size())];
    return found.of == of ? &found : nullptr;
}

const history::durations* history::find_durations(minute of) const {
    const auto& found = durations_[place_of(of, durations_.size())];
    return found.of == of ? &found : nullptr;
}

const history::latency& history::latency_in(const durations& which) {
    if (!which.told) which.told = latency_of(which.counts);
    return *which.told;
}

void history::delivered(time at, std::optional<milliseconds> took) {
    ++row_at(at).delivered;
    if (!took) return;
    auto& times = durations_[place_of(newest_, durations_.size())];
    if (times.of != newest_) times = {newest_, {}};
    times.told.reset();
    ++times.counts[class_of(*took)];
}

void history::failed(time at) {
    ++row_at(at).failed;
}

void history::submitted(time at) {
    ++row_at(at).submitted;
}

void history::backlog(time at, std::uint64_t cases) {
    row_at(at).backlog = static_cast<std::uint32_t>(cases);
}

void history::take_over(history&& earlier) {
    if (earlier.first_ < 0) return;
    first_ = first_ < 0 ? earlier.first_ : std::min(first_, earlier.first_);
    newest_ = std::max(newest_, earlier.newest_);
    for (const auto& old : earlier.rows_) {
        if (old.of < 0 || old.of + static_cast<minute>(rows_.size()) <= newest_) continue;
        auto& mine = rows_[place_of(old.of, rows_.size())];
        if (mine.of != old.of) mine = {old.of, 0, 0, 0, old.backlog};
        mine.delivered += old.delivered;
        mine.failed += old.failed;
        mine.submitted += old.submitted;
    }
    for (auto& old : earlier.durations_) {
        if (old.of < 0 || old.of + static_cast<minute>(durations_.size()) <= newest_) continue;
        auto& mine = durations_[place_of(old.of, durations_.size())];
        if (mine.of != old.of) {
            mine = std::move(old);
            continue;
        }
        mine.told.reset();
        for (const auto& [place, count] : old.counts)
            mine.counts[place] += count;
    }
}

history::ended history::ended_within(std::chrono::minutes span, time now) const {
    const auto newest = std::max(minute_of(now), newest_);
    const auto from = newest - std::min<std::int64_t>(span.count(), minutes_of_a_day) + 1;
    ended sum;
    for (const auto& each : rows_) {
        if (each.of < from) continue;
        sum.delivered += each.delivered;
        sum.failed += each.failed;
    }
    return sum;
}

history::latency history::latency_of_last_hour(time now) const {
    const auto newest = std::max(minute_of(now), newest_);
    std::array<std::pair<std::size_t, std::uint64_t>, classes> counts{};
    for (std::size_t place = 0; place < classes; ++place)
        counts[place].first = place;
    for (auto of = newest - 59; of <= newest; ++of) {
        const auto* found = find_durations(of);
        if (found == nullptr) continue;
        for (const auto& [place, count] : found->counts)
            counts[place].second += count;
    }
    return latency_of(counts);
}

std::string history::to_json(time now) const {
    const auto until = std::max(minute_of(now), newest_);
    const auto from = first_ < 0 ? until : std::max(first_, until - minutes_told);
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.history/1");
    out.key("step_seconds");
    out.integer(std::int64_t{60});
    out.key("until");
    out.text(to_iso8601(time(std::chrono::minutes(until))));
    out.key("columns");
    out.begin_array();
    for (const auto* name : {"delivered", "failed", "submitted", "backlog", "p50_ms", "p95_ms"})
        out.text(name);
    out.end_array();
    out.key("rows");
    out.begin_array();
    std::uint32_t backlog = 0; // of minutes of which nothing was told: as before
    for (auto of = from; of < until; ++of) {
        const auto* found = find(of);
        const row told = found != nullptr ? *found : row{of, 0, 0, 0, backlog};
        backlog = told.backlog;
        latency took;
        if (const auto* times = find_durations(of); times != nullptr) took = latency_in(*times);
        out.begin_array();
        for (const auto number : {told.delivered, told.failed, told.submitted, told.backlog})
            out.integer(std::uint64_t{number});
        write_milliseconds(out, took.half);
        write_milliseconds(out, took.most);
        out.end_array();
    }
    out.end_array();
    out.end_object();
    return std::move(out).finish();
}

} // namespace kyc::admin
