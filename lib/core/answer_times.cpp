#include "core/answer_times.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>

namespace kyc {

using std::chrono::milliseconds;

namespace {

constexpr double first_edge = 0.1; // seconds: the smallest poll.min
constexpr double last_edge = 86'400;
constexpr double ratio = 1.04;

/// What is believed without any poll: answers come ever more rarely, the chance of one in the next 4 % of a task's age
/// is always this. It weighs little, and decides only what no poll has ever seen.
constexpr double usual_chance = 0.05;
constexpr double usual_weight = 0.03;

/// Where polls tell nothing the last estimate's shape is kept, but for this share: it fades unless it is seen again.
constexpr double doubted = 0.1;

constexpr int iterations = 40;

/// Neighbouring intervals share what they know, so that the spread of a few hundred answers is not taken for a pattern.
constexpr int smoothings = 2;

/// Tasks seen waiting through an interval, with no answer in it, after which what was known of it counts for a third.
constexpr double waits_remembered = 300;

/// Different pairs of times that are kept; the least of them makes room.
constexpr std::size_t most_pairs = 256;

/// An age is hopeless where this many tasks were seen waiting, until this share of them is answered.
constexpr double many_waiting = 20;
constexpr double hardly_any = 0.1;

constexpr double nothing = 1e-3; ///< a weight that is forgotten
constexpr double tiny = 1e-12;

std::vector<double> make_edges() {
    std::vector<double> edges{0};
    for (double time = first_edge; time < last_edge; time *= ratio)
        edges.push_back(time);
    return edges;
}

double seconds(milliseconds time) {
    return std::chrono::duration<double>(time).count();
}

void smooth(std::vector<double>& values) {
    double before = values.front();
    for (std::size_t i = 1; i + 1 < values.size(); ++i) {
        const double here = values[i];
        values[i] = (before + 2 * here + values[i + 1]) / 4;
        before = here;
    }
}

} // namespace

answer_times::answer_times() : waited_(edges().size() - 1), longer_(edges().size()) {
    for (std::size_t i = 0; i < longer_.size(); ++i)
        longer_[i] = std::pow(1 - usual_chance, static_cast<double>(i));
}

const std::vector<double>& answer_times::edges() {
    static const auto made = make_edges();
    return made;
}

std::size_t answer_times::point_before(milliseconds time) {
    const auto after = std::upper_bound(edges().begin(), edges().end(), seconds(time) + tiny);
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(after - edges().begin() - 1, 0));
}

void answer_times::forget(double share) {
    for (auto& each : answered_)
        each.weight *= 1 - share;
    for (auto& each : waited_)
        each *= 1 - share;
    std::erase_if(answered_, [](const answers_between& each) { return each.weight < nothing; });
}

void answer_times::waited(milliseconds from, milliseconds to) {
    // Whole intervals only: what is not certain is not said.
    const auto begin = point_before(from);
    const auto end = point_before(to);
    if (end <= begin) return;
    for (auto i = begin; i < end; ++i)
        waited_[i] += 1 - waited_[i] / waits_remembered;
    // Answers of before that came where none comes now fade too.
    for (auto& each : answered_) {
        const auto common_begin = std::max(begin, each.from);
        const auto common_end = std::min(end, each.to);
        if (common_begin >= common_end) continue;
        const auto all = std::max(longer_[each.from] - longer_[each.to], tiny);
        const auto common = std::min(1.0, (longer_[common_begin] - longer_[common_end]) / all);
        each.weight *= 1 - common / waits_remembered;
    }
}

void answer_times::answered(milliseconds from, milliseconds to) {
    const auto begin = std::min(point_before(from), edges().size() - 2);
    const auto found = std::lower_bound(edges().begin(), edges().end(), seconds(to) - tiny) - edges().begin();
    const auto end = std::clamp(static_cast<std::size_t>(found), begin + 1, edges().size() - 1);
    forget(1 / are_remembered);
    const auto same = [begin, end](const answers_between& each) { return each.from == begin && each.to == end; };
    const auto known = std::find_if(answered_.begin(), answered_.end(), same);
    if (known != answered_.end()) {
        known->weight += 1;
        return;
    }
    if (answered_.size() >= most_pairs) {
        const auto lighter = [](const auto& left, const auto& right) { return left.weight < right.weight; };
        answered_.erase(std::min_element(answered_.begin(), answered_.end(), lighter));
    }
    answered_.push_back({begin, end, 1});
}

double answer_times::weight() const {
    double sum = 0;
    for (const auto& each : answered_)
        sum += each.weight;
    return sum;
}

std::size_t answer_times::end_of_hopeless(std::size_t point) const {
    const auto begin = point;
    while (point < waited_.size() && waited_[point] >= many_waiting &&
           longer_[point + 1] >= (1 - hardly_any) * longer_[begin])
        ++point;
    return point;
}

void answer_times::estimate() {
    const auto intervals = waited_.size();
    for (std::size_t i = 0; i < longer_.size(); ++i)
        longer_[i] =
            doubted * std::pow(1 - usual_chance, static_cast<double>(i)) + (1 - doubted) * std::max(longer_[i], tiny);
    std::vector<double> per_chance(intervals + 1); // answers per chance of one, as steps
    std::vector<double> later(intervals + 1);      // of those, the part that was certainly answered by the poll
    std::vector<double> answers(intervals);
    std::vector<double> watched(intervals);
    for (int round = 0; round < iterations; ++round) {
        std::fill(per_chance.begin(), per_chance.end(), 0.0);
        std::fill(later.begin(), later.end(), 0.0);
        for (const auto& each : answered_) {
            const auto share = each.weight / std::max(longer_[each.from] - longer_[each.to], tiny);
            per_chance[each.from] += share;
            per_chance[each.to] -= share;
            later[each.from] += share * longer_[each.to];
            later[each.to] -= share * longer_[each.to];
        }
        // How many answers came in each interval, and how many tasks were unanswered at its begin, if longer_ is right.
        double level = 0;
        double after = 0;
        for (std::size_t i = 0; i < intervals; ++i) {
            level += per_chance[i];
            after += later[i];
            answers[i] = (longer_[i] - longer_[i + 1]) * level;
            watched[i] = waited_[i] + longer_[i] * level - after;
        }
        for (int i = 0; i < smoothings; ++i) {
            smooth(answers);
            smooth(watched);
        }
        longer_[0] = 1;
        for (std::size_t i = 0; i < intervals; ++i) {
            const auto chance =
                (answers[i] + usual_weight * usual_chance) / (std::max(watched[i], answers[i]) + usual_weight);
            longer_[i + 1] = longer_[i] * (1 - std::clamp(chance, 0.0, 1.0));
        }
    }
}

std::string answer_times::to_text() const {
    // Three digits are more than the estimate is worth.
    const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
    boost::json::array answered;
    for (const auto& each : answered_)
        answered.push_back(boost::json::array{each.from, each.to, rounded(each.weight)});
    boost::json::array waited;
    for (const auto each : waited_)
        waited.push_back(rounded(each));
    while (!waited.empty() && waited.back() == 0.0)
        waited.pop_back();
    boost::json::object all;
    all["ratio"] = ratio;
    all["answered"] = std::move(answered);
    all["waited"] = std::move(waited);
    return boost::json::serialize(all);
}

bool answer_times::read(std::string_view text) {
    *this = answer_times();
    boost::json::error_code wrong;
    const auto all = boost::json::parse(boost::json::string_view(text.data(), text.size()), wrong);
    if (wrong || !all.is_object()) return false;
    const auto number = [](const boost::json::value& value) {
        boost::json::error_code none;
        const auto read = value.is_number() ? value.to_number<double>(none) : -1.0;
        return !none && std::isfinite(read) ? read : -1.0;
    };
    const auto* grid = all.as_object().if_contains("ratio");
    const auto* answered = all.as_object().if_contains("answered");
    const auto* waited = all.as_object().if_contains("waited");
    const bool ours = grid != nullptr && number(*grid) == ratio && answered != nullptr && answered->is_array() &&
                      waited != nullptr && waited->is_array();
    if (!ours) return false;
    if (answered->as_array().size() > most_pairs || waited->as_array().size() > waited_.size()) return false;
    answer_times found;
    const auto last = static_cast<double>(found.waited_.size());
    for (const auto& each : answered->as_array()) {
        if (!each.is_array() || each.as_array().size() != 3) return false;
        const auto from = number(each.as_array()[0]);
        const auto to = number(each.as_array()[1]);
        const auto weight = number(each.as_array()[2]);
        if (from < 0 || to <= from || to > last || weight < 0 || weight > are_remembered) return false;
        found.answered_.push_back({static_cast<std::size_t>(from), static_cast<std::size_t>(to), weight});
    }
    for (std::size_t i = 0; i < waited->as_array().size(); ++i) {
        found.waited_[i] = number(waited->as_array()[i]);
        if (found.waited_[i] < 0 || found.waited_[i] > waits_remembered) return false;
    }
    *this = std::move(found);
    return true;
}

} // namespace kyc
