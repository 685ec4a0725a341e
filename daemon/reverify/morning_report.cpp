#include "reverify/morning_report.hpp"

#include "reverify/morning_figures.hpp"

namespace kyc::reverify {

report_texts write_reports(const report_source& from) {
    const auto figures = work_out(from);
    return {morning_json(figures), morning_csv(figures), morning_html(figures)};
}

} // namespace kyc::reverify
