#include "figures/day_book.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace kyc {

using std::chrono::milliseconds;
using std::chrono::system_clock;

namespace {

std::vector<std::string> names_of(const service_table& services) {
    std::vector<std::string> names;
    for (const auto& each : services.all())
        names.push_back(each.name);
    return names;
}

} // namespace

day_book::day_book(const service_table& services, time started_)
    : metrics(names_of(services), started_), started(started_) {}

void day_book::claimed(const std::string& service, std::optional<time> dropped) {
    std::optional<duration> waited;
    if (dropped) waited = system_clock::now() - *dropped;
    metrics.claimed(service, waited);
}

void day_book::submitted(const std::string& service, duration took) {
    metrics.submitted(service, took);
    history.submitted(system_clock::now());
}

void day_book::delivered(const std::string& service, verdict value, duration took, std::optional<time> dropped) {
    const auto now = system_clock::now();
    std::optional<duration> whole;
    std::optional<milliseconds> told;
    if (dropped) {
        whole = std::max(now - *dropped, duration(0));
        told = std::chrono::duration_cast<milliseconds>(*whole);
    }
    metrics.delivered(service, value, took, whole);
    history.delivered(now, told);
}

void day_book::failed(const std::string& service, stage where, failure_code code, std::string name) {
    const auto now = system_clock::now();
    metrics.failed(service, where, code);
    history.failed(now);
    failures.add(now, code, service, std::move(name));
}

const std::string& service_name(const service_table& services, const std::string& folder) {
    const auto* found = services.find(folder);
    return found != nullptr ? found->name : unknown_service();
}

} // namespace kyc
