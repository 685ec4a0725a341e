#include "told/loop_report.hpp"

#include <boost/json/array.hpp>

#include <array>
#include <cstdio>

namespace kyc {

namespace json = boost::json;

namespace {

std::uint64_t in_us(std::chrono::nanoseconds time) {
    return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::microseconds>(time).count());
}

} // namespace

json::object loop_json(const async::loop_latency& loop) {
    json::array histogram;
    for (std::size_t i = 0; i < loop.buckets().size(); ++i) {
        json::object bucket;
        bucket["up_to_us"] = i < loop.bounds.size() ? json::value(loop.bounds.at(i).count()) : json::value(nullptr);
        bucket["turns"] = loop.buckets().at(i);
        histogram.push_back(std::move(bucket));
    }
    json::object told;
    told["turns"] = loop.turns();
    told["over_1ms"] = loop.too_long();
    told["crowded_out"] = loop.crowded_out();
    told["longest_us"] = in_us(loop.longest());
    told["sum_us"] = in_us(loop.sum());
    told["histogram"] = std::move(histogram);
    return told;
}

std::string loop_words(std::uint64_t turns, std::uint64_t over_1ms, std::uint64_t crowded_out,
                       std::uint64_t longest_us) {
    std::array<char, 32> longest{};
    std::snprintf(longest.data(), longest.size(), "%.1f ms", static_cast<double>(longest_us) / 1000);
    return (over_1ms == 0 ? "none" : std::to_string(over_1ms)) + " of " + std::to_string(turns) +
           " turns took over 1 ms, the longest " + longest.data() +
           (crowded_out > 0 ? "; " + std::to_string(crowded_out) + " more for want of a core" : "");
}

} // namespace kyc
