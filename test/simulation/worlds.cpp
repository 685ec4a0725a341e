#include "simulation/worlds.hpp"

namespace kyc::simulation {
namespace {

world limited(std::string name, double per_second, std::function<limiter()> limits) {
    world made;
    made.name = std::move(name);
    made.allowed_per_second = per_second;
    made.limits = std::move(limits);
    return made;
}

} // namespace

std::vector<world> limited_worlds() {
    std::vector<world> all;
    for (const bool says_when : {true, false}) {
        const std::string suffix = says_when ? "" : ", no Retry-After";
        for (const std::size_t count : {5u, 20u, 100u})
            all.push_back(limited("DRF " + std::to_string(count) + "/s" + suffix, static_cast<double>(count),
                                  [=] { return drf(count, 1, says_when); }));
        for (const std::size_t count : {60u, 300u, 1200u})
            all.push_back(limited("DRF " + std::to_string(count) + "/min" + suffix, static_cast<double>(count) / 60,
                                  [=] { return drf(count, 60, says_when); }));
    }
    all.push_back(limited("nginx 20r/s burst 20, 503", 20, [] { return nginx_limit_req(20, 20, 503); }));
    all.push_back(limited("nginx 20r/s burst 5, 503", 20, [] { return nginx_limit_req(20, 5, 503); }));
    all.push_back(limited("nginx 300r/m burst 10, 503", 5, [] { return nginx_limit_req(5, 10, 503); }));
    all.push_back(limited("nginx 2r/s burst 5, 503", 2, [] { return nginx_limit_req(2, 5, 503); }));
    all.push_back(limited("nginx 1r/s burst 3, 503", 1, [] { return nginx_limit_req(1, 3, 503); }));
    all.push_back(limited("nginx 100r/s burst 50, 429", 100, [] { return nginx_limit_req(100, 50, 429); }));
    all.push_back(limited("nginx 20r/s burst 5, 429", 20, [] { return nginx_limit_req(20, 5, 429); }));
    all.push_back(limited("nginx 300r/m burst 10, 429", 5, [] { return nginx_limit_req(5, 10, 429); }));
    auto uneven = limited("DRF 20/s, 10 MB/s up, jitter 10 ms", 20, [] { return drf(20, 1, true); });
    uneven.bytes_per_second = 10e6;
    uneven.jitter = 0.01;
    all.push_back(std::move(uneven));
    return all;
}

std::vector<world> slow_worlds() {
    std::vector<world> all;
    world one;
    one.name = "no limit, 200 workers";
    all.push_back(one);
    one = world();
    one.name = "4 workers";
    one.workers = 4;
    all.push_back(one);
    one = world();
    one.name = "4 workers, 503 above 12";
    one.workers = 4;
    one.queue = 8;
    all.push_back(one);
    one = world();
    one.name = "1 worker";
    one.workers = 1;
    all.push_back(one);
    one = world();
    one.name = "40 ms of noise, 2 MB/s up";
    one.noise = 0.8;
    one.jitter = 0.02;
    one.bytes_per_second = 2e6;
    all.push_back(one);
    one = world();
    one.name = "all takes 5 times as long from 100 s on";
    one.slower_from = 100;
    one.slower_by = 5;
    all.push_back(one);
    return all;
}

} // namespace kyc::simulation
