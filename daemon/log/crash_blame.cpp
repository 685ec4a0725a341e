#include "log/crash_blame.hpp"

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <unistd.h>

namespace kyc {

void blame_current_case() noexcept;

namespace {

constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// Plain objects, for the signal handler may use nothing else.
int notes = -1;
std::array<struct sigaction, 65> earlier_actions{};
thread_local const crash_blame* current = nullptr;

extern "C" void on_crash(int number) {
    blame_current_case();
    // As if nobody had looked: a sanitizer's report, or the end.
    ::sigaction(number, &earlier_actions.at(static_cast<std::size_t>(number)), nullptr);
    ::raise(number);
}

/// A thread that has run out of stack needs another one to say so.
class crash_stack {
  public:
    crash_stack() {
        stack_t alternative{};
        ::sigaltstack(nullptr, &alternative);
        if ((alternative.ss_flags & SS_DISABLE) == 0) return; // a sanitizer has given it one
        alternative = {};
        bytes_ = std::make_unique<char[]>(size); // NOLINT(*-avoid-c-arrays)
        alternative.ss_sp = bytes_.get();
        alternative.ss_size = size;
        ::sigaltstack(&alternative, nullptr);
    }

    crash_stack(const crash_stack&) = delete;
    crash_stack& operator=(const crash_stack&) = delete;

    ~crash_stack() {
        if (!bytes_) return;
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        ::sigaltstack(&none, nullptr);
    }

  private:
    static constexpr std::size_t size = 64 << 10;
    std::unique_ptr<char[]> bytes_; // NOLINT(*-avoid-c-arrays)
};

} // namespace

void blame_current_case() noexcept {
    if (current == nullptr || notes < 0) return;
    // One line in one call: several threads may crash at once.
    if (::write(notes, current->line_.data(), current->size_) < 0) return;
}

result<std::map<case_key, fs::crash_count>> watch_for_crashes(const fs::spool_layout& layout) {
    auto blamed = fs::read_crash_notes(layout);
    if (!blamed) return blamed;
    auto opened = fs::open_crash_notes(layout);
    if (!opened) return opened.error();
    notes = opened->release(); // open to the end, since a crash may be the end

    struct sigaction action {};

    action.sa_handler = on_crash;
    action.sa_flags = SA_ONSTACK;
    for (const int number : crash_signals)
        ::sigaction(number, &action, &earlier_actions.at(static_cast<std::size_t>(number)));
    return blamed;
}

crash_blame::crash_blame(const case_key& which, bool has_task) noexcept : outer_(current) {
    thread_local const crash_stack stack;
    if (which.lane == lane::bulk) size_ = fs::bulk_mark.copy(line_.data(), line_.size());
    for (const auto* part : {&which.folder, &which.name}) {
        const auto fits = std::min(part->size(), line_.size() - size_ - fs::task_mark.size() - 1);
        std::copy_n(part->begin(), fits, line_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += fits;
        if (part == &which.folder) line_.at(size_++) = '/';
    }
    if (has_task) size_ += fs::task_mark.copy(line_.data() + size_, line_.size() - size_ - 1);
    line_.at(size_++) = '\n';
    current = this;
}

crash_blame::~crash_blame() {
    current = outer_;
}

void blame_case(const ledger::case_record& which) noexcept {
    const crash_blame blame(which);
    blame_current_case();
}

namespace {

const fs::crash_count* find(const std::map<case_key, fs::crash_count>& crashes, const case_key& which) {
    const auto found = crashes.find(which);
    return found == crashes.end() ? nullptr : &found->second;
}

failure poisonous(std::size_t crashes, const ledger::case_record& record) {
    failure why(stage::prepare, failure_code::retries_exhausted,
                "kycd broke down " + std::to_string(crashes) + " times while it worked on this case");
    if (record.outcome_unknown())
        why.message += "; what became of its last submit is not known: it may have been accepted, and billed";
    why.advice =
        "Report the log of the crashes and these files to whoever maintains kycd; do not retry the case before it is "
        "mended.";
    return why;
}

} // namespace

std::optional<failure> crash_objection(const std::map<case_key, fs::crash_count>& crashes,
                                       const ledger::case_record& record) {
    const auto* blamed = find(crashes, record.key);
    if (blamed == nullptr) return std::nullopt;
    if (!record.has_task()) {
        if (blamed->all() <= crashes_allowed) return std::nullopt;
        return poisonous(blamed->all(), record);
    }
    if (blamed->at_answer <= crashes_allowed) return std::nullopt;
    return failure(stage::poll, failure_code::task_unread,
                   "kycd broke down " + std::to_string(blamed->at_answer) +
                       " times at the answer to this case, which is paid for: its task is " + record.task_id());
}

bool is_untouchable(const std::map<case_key, fs::crash_count>& crashes, const case_key& which) {
    const auto* blamed = find(crashes, which);
    return blamed != nullptr && std::max(blamed->before_task, blamed->at_answer) > 2 * crashes_allowed + 1;
}

} // namespace kyc
