#pragma once
// A night of cases against a simulated server, in virtual time.

#include "simulation/controller.hpp"
#include "simulation/server.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace kyc::simulation {

/// One server, and what the way there is like.
struct world {
    std::string name;
    std::function<limiter()> limits = no_limit;
    double allowed_per_second = 0; ///< by the limiter; 0: none
    std::size_t workers = 200;
    std::size_t queue = 100'000; ///< places beside the workers
    double upload_work = 0.08;   ///< seconds of a worker, median
    double poll_work = 0.01;
    double noise = 0.3; ///< of the work: sigma of a log-normal
    double round_trip = 0.02;
    double jitter = 0.003; ///< mean of an exponential, each way
    double bytes_per_second = 100e6;
    double answer_median = 4; ///< log-normal, p95 15 s
    double answer_sigma = 0.8;
    maxima most;
    std::size_t cases = 1'000'000; ///< in the inbox at the start
    double slower_from = 1e9;      ///< from then on work takes `slower_by` as long
    double slower_by = 1;
};

/// What was counted between two times.
struct outcome {
    double requests_per_second = 0; ///< that got through
    double refused_share = 0;       ///< of all requests
    double cases_per_second = 0;    ///< that were answered
    double polls_per_case = 0;
    double upload_seconds = 0; ///< mean, of those that got through
    double poll_seconds = 0;
    double uploads_limit = 0; ///< at the end
    double polls_limit = 0;
};

/// Counts between `from` and `until` seconds. The same seed gives the same run.
outcome simulate(const world& in, const std::string& controller_name, double from, double until, unsigned seed);

} // namespace kyc::simulation
