#include "core/ticket.hpp"

#include "core/glob.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

namespace kyc {
namespace {

bool has(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool has_labels(const delivered_case& candidate, const std::vector<std::pair<std::string, std::string>>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
        return std::find(candidate.labels.begin(), candidate.labels.end(), label) != candidate.labels.end();
    });
}

bool is_expired(const delivered_case& candidate, utc_time now) {
    return candidate.said_expired.value_or(false) ||
           (candidate.expires_on && *candidate.expires_on < std::chrono::floor<std::chrono::days>(now));
}

bool expires_within(const delivered_case& candidate, std::chrono::milliseconds time, utc_time now) {
    return candidate.expires_on && !is_expired(candidate, now) &&
           *candidate.expires_on <= std::chrono::floor<std::chrono::days>(now + time);
}

/// A number for a case that is the same in every build and at every place, unlike that of std::hash: FNV-1a, then the
/// last step of SplitMix64, since names that differ in their end alone would differ in few bits.
std::uint64_t lot(std::uint64_t seed, char purpose, const delivered_case& of) {
    std::uint64_t sum = 0xcbf29ce484222325;
    const auto add = [&sum](std::string_view text) {
        for (const char c : text) {
            sum ^= static_cast<unsigned char>(c);
            sum *= 0x100000001b3;
        }
    };
    std::array<char, 9> begin{};
    for (std::size_t i = 0; i < 8; ++i)
        begin[i] = static_cast<char>(static_cast<unsigned char>(seed >> (8 * i)));
    begin[8] = purpose;
    add({begin.data(), begin.size()});
    add(of.folder);
    add("/");
    add(of.place);
    sum = (sum ^ (sum >> 30)) * 0xbf58476d1ce4e5b9;
    sum = (sum ^ (sum >> 27)) * 0x94d049bb133111eb;
    return sum ^ (sum >> 31);
}

// Two draws of one seed have nothing to do with each other: an order by the sample's own lots would put the cases that
// a smaller sample has in front.
constexpr char for_sample = 's';
constexpr char for_order = 'o';

auto where(const delivered_case& one) {
    return std::tie(one.folder, one.place);
}

/// Sorts by a key that is worked out once for each case; where it is equal, by folder and place.
template<class Key>
void sort_by(std::vector<delivered_case>& cases, const Key& key_of) {
    using key = decltype(key_of(cases.front()));
    std::vector<std::pair<key, delivered_case>> keyed;
    keyed.reserve(cases.size());
    for (auto& one : cases) {
        auto its_key = key_of(one);
        keyed.emplace_back(std::move(its_key), std::move(one));
    }
    std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first < b.first : where(a.second) < where(b.second);
    });
    std::transform(keyed.begin(), keyed.end(), cases.begin(), [](auto& one) { return std::move(one.second); });
}

void keep_first(std::vector<delivered_case>& cases, std::size_t count) {
    if (cases.size() > count) cases.erase(cases.begin() + static_cast<std::ptrdiff_t>(count), cases.end());
}

std::size_t draw_size(const ticket_sample& sample, std::size_t of) {
    if (sample.count) return *sample.count;
    // 7 % of 100 is 7, although 0.07 * 100 is a little more.
    constexpr double rounding = 1e-9;
    const auto wanted = std::ceil(std::clamp(sample.share, 0.0, 1.0) * static_cast<double>(of) - rounding);
    return wanted > 0 ? static_cast<std::size_t>(wanted) : 0;
}

void put_in_order(std::vector<delivered_case>& cases, ticket_order order, std::uint64_t seed) {
    switch (order) {
    case ticket_order::oldest:
        return sort_by(cases, [](const delivered_case& one) { return one.answered_at; });
    case ticket_order::newest:
        return sort_by(cases, [](const delivered_case& one) { return utc_time{} - one.answered_at; });
    case ticket_order::name:
        return sort_by(cases, [](const delivered_case&) { return 0; });
    case ticket_order::expiry:
        return sort_by(cases, [](const delivered_case& one) {
            return std::tuple{!one.expires_on, one.expires_on.value_or(std::chrono::sys_days{}), one.answered_at};
        });
    case ticket_order::shuffled:
        return sort_by(cases, [seed](const delivered_case& one) { return lot(seed, for_order, one); });
    }
}

/// The canaries among the cases, by the order of the names that they have.
std::vector<delivered_case> canaries_of(const ticket& asked, const std::vector<delivered_case>& all) {
    std::vector<delivered_case> found;
    if (asked.canary.empty()) return found;
    const auto rank = [&asked](const delivered_case& one) {
        return std::find_if(asked.canary.begin(), asked.canary.end(),
                            [&one](const std::string& name) { return name == one.case_name || name == one.place; }) -
               asked.canary.begin();
    };
    const auto none = static_cast<std::ptrdiff_t>(asked.canary.size());
    std::copy_if(all.begin(), all.end(), std::back_inserter(found),
                 [&](const delivered_case& one) { return rank(one) < none; });
    sort_by(found, rank);
    return found;
}

} // namespace

case_selector::case_selector(const ticket_selection& which, utc_time now) : which_(which), now_(now) {
    for (const auto& name : which.names) {
        names_.insert(name); // a case may be called A[1]
        // A list of customers may hold thousands of names that only look like patterns: each is looked up, not tried.
        if (!is_glob(name)) continue;
        if (auto plain = only_name(name))
            names_.insert(std::move(*plain));
        else
            globs_.push_back(name);
    }
}

bool case_selector::is_named(const delivered_case& candidate) const {
    return which_.names.empty() || names_.contains(candidate.case_name) || names_.contains(candidate.place) ||
           std::any_of(globs_.begin(), globs_.end(), [&](std::string_view glob) {
               return matches_glob(glob, candidate.case_name) || matches_glob(glob, candidate.place);
           });
}

bool case_selector::operator()(const delivered_case& candidate) const {
    if (!which_.services.empty() && !has(which_.services, candidate.service)) return false;
    if (!which_.verdicts.empty() &&
        std::find(which_.verdicts.begin(), which_.verdicts.end(), candidate.verdict) == which_.verdicts.end())
        return false;
    if (which_.delivered_before && candidate.answered_at >= *which_.delivered_before) return false;
    if (which_.older_than && candidate.answered_at >= now_ - *which_.older_than) return false;
    if (which_.document_expired && is_expired(candidate, now_) != *which_.document_expired) return false;
    if (which_.document_expires_within && !expires_within(candidate, *which_.document_expires_within, now_))
        return false;
    return is_named(candidate) && has_labels(candidate, which_.labels);
}

bool matches(const ticket_selection& which, const delivered_case& candidate, utc_time now) {
    return case_selector(which, now)(candidate);
}

std::vector<chosen_case> choose(const ticket& asked, std::vector<delivered_case> all, utc_time now) {
    // What comes in twice is there once, and the order of coming has no say in anything.
    sort_by(all, [](const delivered_case&) { return 0; });
    all.erase(std::unique(all.begin(), all.end(), [](const auto& a, const auto& b) { return where(a) == where(b); }),
              all.end());
    const auto canaries = canaries_of(asked, all);

    const case_selector selected(asked.which, now);
    std::erase_if(all, [&](const delivered_case& one) { return !selected(one); });
    const auto seed = asked.which.sample ? asked.which.sample->seed : 0;
    if (asked.which.sample) {
        const auto count = draw_size(*asked.which.sample, all.size());
        if (count < all.size()) sort_by(all, [seed](const delivered_case& one) { return lot(seed, for_sample, one); });
        keep_first(all, count);
    }
    put_in_order(all, asked.which.order, seed);
    if (asked.which.limit) keep_first(all, *asked.which.limit);

    std::vector<chosen_case> chosen;
    chosen.reserve(canaries.size() + all.size());
    std::unordered_set<std::string> in_front;
    for (const auto& one : canaries) {
        in_front.insert(one.folder + '/' + one.place);
        chosen.push_back({one, true});
    }
    for (auto& one : all)
        if (!in_front.contains(one.folder + '/' + one.place)) chosen.push_back({std::move(one), false});
    return chosen;
}

} // namespace kyc
