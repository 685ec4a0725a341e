#pragma once
// The text format of Prometheus, by prometheus-cpp, whose headers stay behind this one.

#include "core/duration_histogram.hpp"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kyc::admin {

/// One answer to a scrape: families of series, written down in the order in which they are told. Any thread, one at a
/// time. Names and help texts are ours; label values may be anything, and are escaped.
class metrics_page {
  public:
    enum class kind { counter, gauge, histogram };

    using labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    metrics_page();
    ~metrics_page();
    metrics_page(const metrics_page&) = delete;
    metrics_page& operator=(const metrics_page&) = delete;

    /// Begins a family; what follows belongs to it. One without series is left out.
    void family(kind what, std::string_view name, std::string_view help);

    void value(labels which, double number);

    /// In seconds. Only in a family of that kind, as value() only in the others.
    void times(labels which, const duration_histogram& counted);

    /// A family of one series without labels.
    void single(kind what, std::string_view name, std::string_view help, double number) {
        family(what, name, help);
        value({}, number);
    }

    /// What it is served as.
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    [[nodiscard]] std::string text() const;

  private:
    struct families;
    std::unique_ptr<families> families_;
};

} // namespace kyc::admin
