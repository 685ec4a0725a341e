// Prints how candidate controllers do against servers that count and servers that get slow (docs/pacing.md).
#include "simulation/worlds.hpp"

#include <cstdio>

namespace {

using namespace kyc::simulation;

constexpr unsigned seeds = 5;
constexpr double settled = 60;
constexpr double until = 360;

outcome mean_of(const world& in, const std::string& name) {
    outcome sum;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        const auto one = simulate(in, name, settled, until, seed);
        sum.requests_per_second += one.requests_per_second / seeds;
        sum.refused_share += one.refused_share / seeds;
        sum.upload_seconds += one.upload_seconds / seeds;
        sum.uploads_limit += one.uploads_limit / seeds;
        sum.polls_limit += one.polls_limit / seeds;
    }
    return sum;
}

void print_names(int width) {
    std::printf("%-40s", "");
    for (const auto& name : controllers())
        std::printf("%*s", width, name.c_str());
    std::printf("\n");
}

void print_limited() {
    std::printf("Servers that count: used of what is allowed, refused of what is sent\n\n");
    print_names(16);
    for (const auto& in : limited_worlds()) {
        std::printf("%-40s", in.name.c_str());
        for (const auto& name : controllers()) {
            const auto came = mean_of(in, name);
            std::printf("  %5.1f %% %4.1f %%", 100 * came.requests_per_second / in.allowed_per_second,
                        100 * came.refused_share);
        }
        std::printf("\n");
    }
}

void print_slow() {
    std::printf("\nServers that get slow: requests a second, seconds of an upload, refused, limits at the end\n\n");
    print_names(31);
    for (const auto& in : slow_worlds()) {
        std::printf("%-40s", in.name.c_str());
        for (const auto& name : controllers()) {
            const auto came = mean_of(in, name);
            std::printf("   %5.1f/s %4.2f s %4.1f %% %2.0f+%2.0f", came.requests_per_second, came.upload_seconds,
                        100 * came.refused_share, came.uploads_limit, came.polls_limit);
        }
        std::printf("\n");
    }
}

} // namespace

int main() {
    std::printf("Seconds %.0f to %.0f of a night, mean of %u seeds; at most 16 uploads and 32 polls at a time\n\n",
                settled, until, seeds);
    print_limited();
    print_slow();
    return 0;
}
