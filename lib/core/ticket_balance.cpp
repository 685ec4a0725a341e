#include "core/ticket_balance.hpp"

#include "core/json_members.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace kyc {
namespace {

using namespace std::string_view_literals;

constexpr std::array<std::pair<ticket_case_end, std::string_view>, 5> words{{
    {ticket_case_end::waiting, "waiting"},
    {ticket_case_end::unchanged, "unchanged"},
    {ticket_case_end::changed, "changed"},
    {ticket_case_end::failed, "failed"},
    {ticket_case_end::skipped, "skipped"},
}};

/// So few cases say nothing of a share.
constexpr std::uint64_t enough_for_a_share = 20;

/// "20 %", "33.3 %", with as much as one digit after the point.
std::string percent(double share) {
    std::array<char, 32> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), share * 100, std::chars_format::fixed, 1).ptr;
    std::string text(buffer.data(), end);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text + " %";
}

struct bound_of {
    std::string_view key;  ///< in the ticket
    std::string_view verb; ///< "12 of 50 cases failed"
    const std::optional<ticket_bound>& limit;
    std::uint64_t count; ///< that ended so
};

std::optional<std::string> passed(const bound_of& what, const ticket_balance& so_far) {
    if (!what.limit) return std::nullopt;
    const auto judged = so_far.unchanged + so_far.changed + so_far.failed;
    const auto told = std::to_string(what.count) + " of " + std::to_string(judged) +
                      (judged == 1 ? " case " : " cases ") + std::string(what.verb);
    const auto setting = " that stop_if." + std::string(what.key) + " allows";
    if (what.limit->count && what.count > *what.limit->count)
        return told + ", more than the " + std::to_string(*what.limit->count) + setting;

    // What was skipped will never be judged.
    const auto can_be_judged = so_far.selected - std::min(so_far.selected, so_far.skipped);
    if (!what.limit->share || judged == 0 || judged < std::min(enough_for_a_share, can_be_judged)) return std::nullopt;
    // 7 of 100 are 7 %, although 0.07 * 100 is not 7.
    constexpr double rounding = 1e-9;
    const auto count = static_cast<double>(what.count);
    const auto of = static_cast<double>(judged);
    if (count <= *what.limit->share * of + rounding) return std::nullopt;
    return told + " (" + percent(count / of) + "), more than the " + percent(*what.limit->share) + setting;
}

} // namespace

std::string_view to_string(ticket_case_end value) {
    const auto* const found =
        std::find_if(words.begin(), words.end(), [value](const auto& pair) { return pair.first == value; });
    return found == words.end() ? "waiting"sv : found->second;
}

ticket_case_end ticket_case_end_from(std::string_view word) {
    const auto* const found =
        std::find_if(words.begin(), words.end(), [word](const auto& pair) { return pair.second == word; });
    return found == words.end() ? ticket_case_end::waiting : found->first;
}

void ticket_balance::add(ticket_case_end how, std::uint64_t cases) {
    switch (how) {
    case ticket_case_end::waiting:
        break;
    case ticket_case_end::unchanged:
        unchanged += cases;
        break;
    case ticket_case_end::changed:
        changed += cases;
        break;
    case ticket_case_end::failed:
        failed += cases;
        break;
    case ticket_case_end::skipped:
        skipped += cases;
        break;
    }
}

void ticket_balance::write(json_writer& out) const {
    write_number(out, "selected", selected);
    write_number(out, "unchanged", unchanged);
    write_number(out, "changed", changed);
    write_number(out, "failed", failed);
    write_number(out, "skipped", skipped);
    write_number(out, "not_done", not_done());
}

std::string ticket_balance::line() const {
    return std::to_string(selected) + " selected = " + std::to_string(unchanged) + " unchanged + " +
           std::to_string(changed) + " changed + " + std::to_string(failed) + " failed + " + std::to_string(skipped) +
           " skipped + " + std::to_string(not_done()) + " not done";
}

std::optional<std::string> reason_to_stop(const ticket& asked, const ticket_balance& so_far) {
    if (auto reason = passed({"failed", "failed", asked.stop_if_failed, so_far.failed}, so_far)) return reason;
    return passed({"changed", "have another answer now", asked.stop_if_changed, so_far.changed}, so_far);
}

} // namespace kyc
