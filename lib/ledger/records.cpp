#include "ledger/records.hpp"

#include <array>
#include <utility>

namespace kyc::ledger {

namespace {

constexpr std::array outcome_words{
    std::pair{attempt_outcome::unknown, "unknown"},   std::pair{attempt_outcome::no_receipt, "no_receipt"},
    std::pair{attempt_outcome::accepted, "accepted"}, std::pair{attempt_outcome::task_failed, "task_failed"},
    std::pair{attempt_outcome::refused, "refused"},   std::pair{attempt_outcome::not_sent, "not_sent"},
};

constexpr std::array state_words{
    std::pair{case_state::open, "open"},
    std::pair{case_state::delivered, "delivered"},
    std::pair{case_state::failed, "failed"},
    std::pair{case_state::gone, "gone"},
};

template<class Words, class Value>
std::string_view word_of(const Words& words, Value value) {
    for (const auto& [known, word] : words)
        if (known == value) return word;
    return words.front().second;
}

template<class Words>
auto value_of(const Words& words, std::string_view word) {
    for (const auto& [value, known] : words)
        if (word == known) return value;
    return words.front().first;
}

} // namespace

std::string_view to_string(attempt_outcome value) {
    return word_of(outcome_words, value);
}

attempt_outcome attempt_outcome_from(std::string_view word) {
    return value_of(outcome_words, word);
}

std::string_view to_string(case_state value) {
    return word_of(state_words, value);
}

case_state case_state_from(std::string_view word) {
    return value_of(state_words, word);
}

} // namespace kyc::ledger
