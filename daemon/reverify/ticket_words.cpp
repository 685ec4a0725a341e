#include "reverify/ticket_words.hpp"

#include "core/units.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace kyc::reverify {

namespace {

constexpr std::size_t named_at_most = 5;

/// "a, b or c"
std::string any_of(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i)
        text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    return text;
}

std::string percent(double share) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.6g %%", share * 100);
    return text.data();
}

std::string_view order_words(ticket_order order) {
    switch (order) {
    case ticket_order::oldest:
        return "oldest answers first";
    case ticket_order::newest:
        return "newest answers first";
    case ticket_order::name:
        return "by name";
    case ticket_order::expiry:
        return "documents that expire first come first";
    case ticket_order::shuffled:
        return "in a drawn order";
    }
    return "";
}

std::string name_words(std::vector<std::string> names) {
    if (names.size() <= named_at_most) return "named " + any_of(names);
    const auto more = names.size() - named_at_most;
    names.resize(named_at_most);
    std::string text = "named ";
    for (const auto& name : names)
        text += name + ", ";
    return text + "and " + std::to_string(more) + " more";
}

} // namespace

std::string bound_words(const ticket_bound& bound) {
    if (bound.count) return "more than " + count_words(*bound.count, "case", "cases");
    return "more than " + percent(bound.share.value_or(0));
}

std::vector<std::string> selection_words(const ticket& asked) {
    const auto& which = asked.which;
    std::vector<std::string> words;
    if (!which.services.empty()) words.push_back("of " + any_of(which.services));
    if (!which.verdicts.empty()) {
        std::vector<std::string> verdicts;
        for (const auto each : which.verdicts)
            verdicts.emplace_back(to_string(each));
        words.push_back("verdict " + any_of(verdicts));
    }
    if (which.delivered_before) words.push_back("answered before " + time_words(*which.delivered_before));
    if (which.older_than) words.push_back("answered more than " + format_duration(*which.older_than) + " ago");
    if (which.document_expired)
        words.emplace_back(*which.document_expired ? "document expired" : "document not expired");
    if (which.document_expires_within)
        words.push_back("document expires within " + format_duration(*which.document_expires_within));
    if (!which.names.empty()) words.push_back(name_words(which.names));
    for (const auto& [name, value] : which.labels)
        words.push_back("label " + name + " is " + value);
    if (words.empty()) words.emplace_back("every delivered case");
    if (which.sample)
        words.push_back("a sample of " +
                        (which.sample->count ? std::to_string(*which.sample->count) : percent(which.sample->share)) +
                        " (seed " + std::to_string(which.sample->seed) + ")");
    auto order = std::string(order_words(which.order));
    if (which.limit) order = "at most " + std::to_string(*which.limit) + ", " + order;
    words.push_back(std::move(order));
    return words;
}

} // namespace kyc::reverify
