// Compares plans of polls on answers of known distributions: the one kycd learns, evenly spaced polls, the exponential
// plan, and the best there is. Prints a table; with --json the figures. For scripts/bench.

#include "simulation/poll_world.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string_view>

using namespace kyc;
using namespace kyc::simulation;

namespace {

constexpr std::size_t tasks = 4000;  ///< that a plan is judged by
constexpr std::size_t answers = 200; ///< that are learnt from, and after which a shift is to be over
constexpr std::uint64_t seeds = 40;

class report {
  public:
    explicit report(bool json) : json_(json) {
        if (!json_)
            std::printf("%-34s %-24s %6s %9s %14s %6s\n", "answers", "plan", "polls", "delay, s", "best for delay",
                        "ratio");
    }

    void add(const std::string& law, const std::string& plan, const poll_bill& bill, double best, double worst = 0) {
        const auto ratio = bill.polls / best;
        if (json_) {
            boost::json::object row;
            row["answers"] = law;
            row["plan"] = plan;
            row["polls"] = bill.polls;
            row["delay"] = bill.delay;
            row["best polls for this delay"] = best;
            row["ratio"] = ratio;
            if (worst > 0) row["worst ratio"] = worst;
            rows_.push_back(std::move(row));
            return;
        }
        std::printf("%-34s %-24s %6.2f %9.2f %14.2f %6.2f", law.c_str(), plan.c_str(), bill.polls, bill.delay, best,
                    ratio);
        if (worst > 0) std::printf("  (worst of %d: %.2f)", static_cast<int>(seeds), worst);
        std::printf("\n");
    }

    void end() const {
        if (json_) std::cout << boost::json::serialize(rows_) << "\n";
    }

  private:
    bool json_;
    boost::json::array rows_;
};

/// The mean over many services that saw `before`, then `law`.
void add_learned(report& into, const std::string& name, const std::string& plan, const answer_law& before,
                 std::size_t before_tasks, const answer_law& law, const best_plans& best) {
    poll_bill mean;
    double best_polls = 0;
    double worst = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        polled_service service(poll_settings{}, seed);
        service.live(before, before_tasks);
        service.live(law, answers);
        const auto bill = service.costs(law, tasks);
        mean.polls += bill.polls / static_cast<double>(seeds);
        mean.delay += bill.delay / static_cast<double>(seeds);
        best_polls += best.polls_for(bill.delay) / static_cast<double>(seeds);
        worst = std::max(worst, bill.polls / best.polls_for(bill.delay));
    }
    into.add(name, plan, mean, best_polls, worst);
}

} // namespace

int main(int argc, char** argv) {
    report table(argc > 1 && std::string_view(argv[1]) == "--json");
    const poll_settings rules;
    for (const auto& law : {narrow(), log_normal(), two_humps()}) {
        const best_plans best(law, rules);
        constexpr std::size_t many = 200'000;
        const auto exponential = gaps_cost(law, 0.5, 1.6, 30, many);
        table.add(law.name, "exponential 0.5 s x 1.6", exponential, best.polls_for(exponential.delay));
        const auto fixed = gaps_cost(law, 2, 1, 2, many);
        table.add(law.name, "fixed 2 s", fixed, best.polls_for(fixed.delay));
        add_learned(table, law.name, "learned, 200 answers", law, 0, law, best);
        add_learned(table, law.name, "learned, 2000 answers", law, 1800, law, best);
        for (const auto factor : {1.0 / 3, 3.0}) {
            const auto name = law.name + (factor < 1 ? ", was three times as fast" : ", was three times as slow");
            add_learned(table, name, "learned, 200 since", law.stretched(factor), 400, law, best);
        }
    }
    const auto last = log_normal();
    const best_plans best(last, rules);
    add_learned(table, "log-normal, was narrow", "learned, 200 since", narrow(), 400, last, best);
    const best_plans best_narrow(narrow(), rules);
    add_learned(table, "narrow, was two humps", "learned, 200 since", two_humps(), 400, narrow(), best_narrow);
    const best_plans best_humps(two_humps(), rules);
    add_learned(table, "two humps, was narrow", "learned, 200 since", narrow(), 400, two_humps(), best_humps);
    table.end();
}
