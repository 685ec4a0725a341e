// The other definition of kyc::fault_point, linked into kycd-breakable only: it traces the steps it passes, or ends the
// program at one of them, as its environment says.
//
//   KYCD_FAULT_TRACE=FILE    appends "<step>\t<case>\n" for each step passed
//   KYCD_FAULT_AT=RULE;RULE  RULE is STEP[:N][@CASE]=kill|abort|segv: what happens at the N-th pass of STEP (default
//   1),
//                            counting only those of CASE if one is given
#include "core/fault_point.hpp"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace kyc {

namespace {

/// A misspelt rule must not look like a program that survived it.
[[noreturn]] void refuse(const char* why, std::string_view what) {
    std::fprintf(stderr, "kycd-breakable: %s: %.*s\n", why, static_cast<int>(what.size()), what.data());
    std::_Exit(64);
}

struct rule {
    std::string step;
    std::string of; ///< empty: any case
    int signal = 0;
    long at = 1;
    std::atomic<long> passed{0};

    explicit rule(std::string_view text) {
        const auto whole = text;
        const auto equals = text.rfind('=');
        if (equals == std::string_view::npos) refuse("KYCD_FAULT_AT has a rule without '='", whole);
        const auto action = text.substr(equals + 1);
        if (action == "kill") signal = SIGKILL;
        if (action == "abort") signal = SIGABRT;
        if (action == "segv") signal = SIGSEGV;
        if (signal == 0) refuse("KYCD_FAULT_AT knows kill, abort and segv", whole);
        text = text.substr(0, equals);
        if (const auto sign = text.find('@'); sign != std::string_view::npos) {
            of = text.substr(sign + 1);
            text = text.substr(0, sign);
        }
        if (const auto colon = text.find(':'); colon != std::string_view::npos) {
            const auto* end = text.data() + text.size();
            const auto read = std::from_chars(text.data() + colon + 1, end, at);
            if (read.ec != std::errc() || read.ptr != end || at < 1) refuse("KYCD_FAULT_AT has a bad count", whole);
            text = text.substr(0, colon);
        }
        if (text.empty()) refuse("KYCD_FAULT_AT has a rule without a step", whole);
        step = text;
    }
};

/// What the environment says.
struct faults {
    std::deque<rule> rules;
    int trace = -1;

    faults() {
        if (const char* file = std::getenv("KYCD_FAULT_TRACE")) {
            trace = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
            if (trace < 0) refuse("KYCD_FAULT_TRACE cannot be opened", file);
        }
        const char* at = std::getenv("KYCD_FAULT_AT");
        std::string_view left = at != nullptr ? at : "";
        while (!left.empty()) {
            const auto end = left.find(';');
            if (const auto one = left.substr(0, end); !one.empty()) rules.emplace_back(one);
            left = end == std::string_view::npos ? std::string_view() : left.substr(end + 1);
        }
    }
};

faults& told() {
    static faults all;
    return all;
}

/// Before main(), so that a bad rule ends the program even if no step is ever passed.
[[maybe_unused]] const faults& read_at_start = told();

/// One write, so that threads and a kill in the middle never tear a line.
void note(int trace, std::string_view step, std::string_view of) {
    std::string line(step);
    line += '\t';
    for (const char c : of)
        line += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    line += '\n';
    if (::write(trace, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        refuse("the trace cannot be written at", step);
}

[[noreturn]] void end_by(int signal) {
    if (signal == SIGKILL) {
        ::kill(::getpid(), SIGKILL);
        for (;;)
            ::pause();
    }
    if (signal == SIGABRT) std::abort();
    for (;;)
        ::raise(SIGSEGV);
}

} // namespace

void fault_point(const char* step, std::string_view of) noexcept {
    auto& all = told();
    if (all.trace >= 0) note(all.trace, step, of);
    for (auto& each : all.rules) {
        if (each.step != step || (!each.of.empty() && each.of != of)) continue;
        if (++each.passed == each.at) end_by(each.signal);
    }
}

} // namespace kyc
