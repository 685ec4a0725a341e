#include "core/poll_plan.hpp"

#include <limits>

namespace kyc {

poll_plan best_polls(const std::vector<double>& edges, const std::vector<double>& longer, const poll_price& price) {
    const auto last = edges.size() - 1;
    // Sum of chance × time of the answers up to each point, an interval's answers being in its middle.
    std::vector<double> moment(edges.size());
    for (std::size_t i = 0; i < last; ++i)
        moment[i + 1] = moment[i] + (longer[i] - longer[i + 1]) * (edges[i] + edges[i + 1]) / 2;
    const auto delay_between = [&](std::size_t from, std::size_t to) {
        return edges[to] * (longer[from] - longer[to]) - (moment[to] - moment[from]);
    };

    poll_plan plan;
    plan.next.assign(edges.size(), last);
    std::vector<double> cost(edges.size()); // of all that comes after a poll at this point, times the chance of it
    std::vector<double> polls(edges.size());
    std::vector<double> delay(edges.size());
    constexpr double rounding = 1e-9;
    for (std::size_t from = last; from-- > 0;) {
        auto least = std::numeric_limits<double>::infinity();
        auto best = last;
        for (auto to = from + 1; to <= last; ++to) {
            const auto gap = edges[to] - edges[from];
            if (gap < price.min_gap - rounding && to != last) continue;
            if (gap > price.max_gap + rounding && least < std::numeric_limits<double>::infinity()) break;
            const auto until = price.per_poll * longer[from] + delay_between(from, to);
            if (until > least) break; // and it only grows from here
            if (until + cost[to] < least) {
                least = until + cost[to];
                best = to;
            }
        }
        plan.next[from] = best;
        cost[from] = least;
        polls[from] = longer[from] + polls[best];
        delay[from] = delay_between(from, best) + delay[best];
    }
    plan.polls = polls[0];
    plan.delay = delay[0];
    return plan;
}

} // namespace kyc
