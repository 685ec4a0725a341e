#include "admin/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <vector>

namespace kyc::admin {

namespace {

prometheus::MetricType type_of(metrics_page::kind what) {
    switch (what) {
    case metrics_page::kind::counter:
        return prometheus::MetricType::Counter;
    case metrics_page::kind::gauge:
        return prometheus::MetricType::Gauge;
    case metrics_page::kind::histogram:
        return prometheus::MetricType::Histogram;
    }
    return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric series(metrics_page::labels which) {
    prometheus::ClientMetric made;
    made.label.reserve(which.size());
    for (const auto& [name, value] : which)
        made.label.push_back({std::string(name), std::string(value)});
    return made;
}

} // namespace

struct metrics_page::families {
    std::vector<prometheus::MetricFamily> all;
};

metrics_page::metrics_page() : families_(std::make_unique<families>()) {}

metrics_page::~metrics_page() = default;

void metrics_page::family(kind what, std::string_view name, std::string_view help) {
    auto& all = families_->all;
    if (!all.empty() && all.back().metric.empty()) all.pop_back();
    all.push_back({std::string(name), std::string(help), type_of(what), {}});
}

void metrics_page::value(labels which, double number) {
    auto& family = families_->all.back();
    auto made = series(which);
    if (family.type == prometheus::MetricType::Counter) {
        made.counter.value = number;
    } else {
        made.gauge.value = number;
    }
    family.metric.push_back(std::move(made));
}

void metrics_page::times(labels which, const duration_histogram& counted) {
    auto made = series(which);
    auto& told = made.histogram;
    told.sample_sum = std::chrono::duration<double>(counted.sum()).count();
    const auto& bounds = counted.bounds();
    told.bucket.reserve(bounds.size() + 1);
    // The serializer adds the class of +Inf.
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        told.sample_count += counted.counts()[i];
        told.bucket.push_back({told.sample_count, bounds[i]});
    }
    told.sample_count += counted.counts().back();
    families_->all.back().metric.push_back(std::move(made));
}

std::string metrics_page::text() const {
    auto& all = families_->all;
    if (!all.empty() && all.back().metric.empty()) all.pop_back();
    return prometheus::TextSerializer().Serialize(all);
}

} // namespace kyc::admin
