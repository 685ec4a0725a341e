// kycd: from arguments to a command to an exit code.
#include "commands/check.hpp"
#include "commands/import.hpp"
#include "commands/inspect.hpp"
#include "commands/list.hpp"
#include "commands/purge.hpp"
#include "commands/report.hpp"
#include "commands/retry.hpp"
#include "commands/reverify.hpp"
#include "commands/run.hpp"
#include "commands/show.hpp"
#include "commands/status.hpp"
#include "commands/why.hpp"
#include "config/options.hpp"

#include <csignal>
#include <exception>
#include <iostream>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

/// Files are private unless the settings say otherwise, and no core dump ever holds a password or an ID image.
void protect_process() {
    ::umask(S_IRWXG | S_IRWXO);
#ifndef __SANITIZE_ADDRESS__ // the leak checker has to look into the process at its end
    ::prctl(PR_SET_DUMPABLE, 0);
#endif
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    std::signal(SIGPIPE, SIG_IGN); // a peer that hangs up is an error code, not a death
}

kyc::exit_code dispatch(const kyc::command& command) {
    if (const auto* run = std::get_if<kyc::run_options>(&command)) return kyc::run_command(*run);
    if (const auto* check = std::get_if<kyc::check_options>(&command)) return kyc::check_command(*check);
    if (const auto* inspect = std::get_if<kyc::inspect_options>(&command)) return kyc::inspect_command(*inspect);
    if (const auto* status = std::get_if<kyc::status_options>(&command)) return kyc::status_command(*status);
    if (const auto* list = std::get_if<kyc::list_options>(&command)) return kyc::list_command(*list);
    if (const auto* show = std::get_if<kyc::show_options>(&command)) return kyc::show_command(*show);
    if (const auto* why = std::get_if<kyc::why_options>(&command)) return kyc::why_command(*why);
    if (const auto* retry = std::get_if<kyc::retry_options>(&command)) return kyc::retry_command(*retry);
    if (const auto* reverify = std::get_if<kyc::reverify_options>(&command)) return kyc::reverify_command(*reverify);
    if (const auto* report = std::get_if<kyc::report_options>(&command)) return kyc::report_command(*report);
    if (const auto* purge = std::get_if<kyc::purge_options>(&command)) return kyc::purge_command(*purge);
    if (const auto* import = std::get_if<kyc::import_options>(&command)) return kyc::import_command(*import);
    const auto& text = std::get<kyc::text_only>(command);
    std::cout << text.out;
    std::cerr << text.err;
    return text.code;
}

/// Whoever keeps a report has to learn that it is cut short; a reader that has gone away (`| head`) wants no more of
/// it.
kyc::exit_code tell_lost_output(kyc::exit_code code) {
    std::cout.flush();
    if (std::cout) return code;
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    if (::poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0) return code;
    std::cerr
        << "kycd: standard output: not all of it could be written, so what is there is cut short; make room where "
           "it goes and look again\n";
    return code == kyc::exit_code::done ? kyc::exit_code::output_lost : code;
}

} // namespace

int main(int argc, char** argv) {
    try {
        protect_process();
        return static_cast<int>(tell_lost_output(dispatch(kyc::parse_command_line(argc, argv))));
    } catch (const std::exception& error) {
        std::cerr << "kycd: internal error: " << error.what() << "; please report it with the log before it\n";
        return static_cast<int>(kyc::exit_code::internal_error);
    }
}
