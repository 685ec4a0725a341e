#include "simulation/poll_world.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kyc::simulation {

using std::chrono::milliseconds;

namespace {

double normal_no_later(double x) {
    return std::erfc(-x / std::numbers::sqrt2) / 2;
}

double normal(std::mt19937_64& random, double mean, double deviation) {
    return std::normal_distribution<double>(mean, deviation)(random);
}

milliseconds to_time(double seconds) {
    return milliseconds{std::llround(seconds * 1000)};
}

} // namespace

answer_law answer_law::stretched(double factor) const {
    const auto by = [factor, no_later_ = no_later](double time) { return no_later_(time / factor); };
    const auto from = [factor, draw_ = draw](std::mt19937_64& random) { return factor * draw_(random); };
    return {name, by, from};
}

answer_law narrow() {
    constexpr double mean = 4;
    constexpr double deviation = 0.2;
    return {"narrow", [](double time) { return normal_no_later((time - mean) / deviation); },
            [](std::mt19937_64& random) { return normal(random, mean, deviation); }};
}

answer_law log_normal() {
    constexpr double median = 4;
    const double deviation = std::log(15.0 / median) / 1.6448536; // of the normal distribution, 95 % are below that
    return {"log-normal",
            [deviation](double time) { return time <= 0 ? 0.0 : normal_no_later(std::log(time / median) / deviation); },
            [deviation](std::mt19937_64& random) { return median * std::exp(normal(random, 0, deviation)); }};
}

answer_law two_humps() {
    constexpr double share = 0.6;
    constexpr double first = 2;
    constexpr double second = 12;
    constexpr double spread = 0.1; // of the time
    return {"two humps",
            [](double time) {
                return share * normal_no_later((time / first - 1) / spread) +
                       (1 - share) * normal_no_later((time / second - 1) / spread);
            },
            [](std::mt19937_64& random) {
                const bool quick = std::uniform_real_distribution<double>(0, 1)(random) < share;
                return (quick ? first : second) * normal(random, 1, spread);
            }};
}

best_plans::best_plans(const answer_law& law, const poll_settings& rules) {
    double end = 1;
    while (law.no_later(end) < 0.9999)
        end *= 1.1;
    constexpr std::size_t points = 3000;
    std::vector<double> edges;
    std::vector<double> longer;
    for (std::size_t i = 0; i <= points; ++i) {
        edges.push_back(end * static_cast<double>(i) / points);
        longer.push_back(1 - law.no_later(edges.back()));
    }
    poll_price price;
    price.min_gap = std::chrono::duration<double>(rules.min).count();
    price.max_gap = std::chrono::duration<double>(rules.max).count();
    for (price.per_poll = end / 2000; price.per_poll < 4 * end; price.per_poll *= 1.2) {
        const auto plan = best_polls(edges, longer, price);
        plans_.push_back({plan.polls, plan.delay});
    }
    std::sort(plans_.begin(), plans_.end(), [](const auto& a, const auto& b) { return a.delay < b.delay; });
}

double best_plans::polls_for(double delay) const {
    const auto is_later = [](double wanted, const poll_bill& plan) { return wanted < plan.delay; };
    const auto above = std::upper_bound(plans_.begin(), plans_.end(), delay, is_later);
    if (above == plans_.begin()) return plans_.front().polls;
    if (above == plans_.end()) return plans_.back().polls;
    // Between two plans some tasks may use one and some the other.
    const auto& low = *(above - 1);
    const auto part = (delay - low.delay) / (above->delay - low.delay);
    return low.polls + part * (above->polls - low.polls);
}

polled_service::polled_service(const poll_settings& rules, std::uint64_t seed) : rules_(rules), random_(seed) {}

poll_bill polled_service::poll_task(double answer, poll_learner& teacher, bool learns) {
    const random_unit random = [this] { return std::uniform_real_distribution<double>(0, 1)(random_); };
    task_polls polls(teacher);
    milliseconds age{0};
    for (;;) {
        const auto slept = polls.wait(rules_, age, now_, random);
        age += slept;
        if (learns) now_ += slept;
        const bool answered = age >= to_time(answer);
        if (learns) {
            polls.asked(answered, age, age);
        } else {
            polls.asked_in_vain();
        }
        if (answered)
            return {static_cast<double>(polls.done()), std::chrono::duration<double>(age - to_time(answer)).count()};
    }
}

poll_bill polled_service::live(const answer_law& law, std::size_t tasks) {
    poll_bill sum;
    for (std::size_t i = 0; i < tasks; ++i) {
        const auto one = poll_task(law.draw(random_), learner, true);
        sum.polls += one.polls / static_cast<double>(tasks);
        sum.delay += one.delay / static_cast<double>(tasks);
    }
    return sum;
}

poll_bill polled_service::costs(const answer_law& law, std::size_t tasks) const {
    auto now = *this;
    auto frozen = learner;
    frozen.replan(rules_, now_ + std::chrono::hours(1));
    poll_bill sum;
    for (std::size_t i = 0; i < tasks; ++i) {
        const auto one = now.poll_task(law.draw(now.random_), frozen, false);
        sum.polls += one.polls / static_cast<double>(tasks);
        sum.delay += one.delay / static_cast<double>(tasks);
    }
    return sum;
}

poll_bill gaps_cost(const answer_law& law, double first, double factor, double max, std::size_t tasks) {
    std::mt19937_64 random(1);
    poll_bill sum;
    for (std::size_t i = 0; i < tasks; ++i) {
        const auto answer = law.draw(random);
        double time = 0;
        double gap = first;
        double polls = 0;
        do {
            time += gap;
            gap = std::min(gap * factor, max);
            ++polls;
        } while (time < answer);
        sum.polls += polls / static_cast<double>(tasks);
        sum.delay += (time - answer) / static_cast<double>(tasks);
    }
    return sum;
}

} // namespace kyc::simulation
