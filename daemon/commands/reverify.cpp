#include "commands/reverify.hpp"

#include "commands/as_owner.hpp"
#include "commands/complain.hpp"
#include "commands/reverify_list.hpp"
#include "commands/reverify_plan.hpp"
#include "commands/ticket_sight.hpp"
#include "core/case_name.hpp"
#include "core/nearest_word.hpp"
#include "core/units.hpp"
#include "fs/atomic_file.hpp"
#include "reverify/stray_watch.hpp"
#include "reverify/ticket_flags.hpp"
#include "reverify/ticket_yaml.hpp"
#include "start/spool_access.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <optional>
#include <unistd.h>

namespace kyc {

namespace {

/// A ticket on its way into the inbox.
struct made_ticket {
    ticket asked;
    std::string text; ///< what is dropped
};

/// "reverify-20261122-031440"
std::string name_of_now() {
    std::string name = "reverify-";
    for (const char c :
         to_iso8601(std::chrono::system_clock::now()).substr(0, std::string_view("2026-11-22T03:14:40").size())) {
        if (c == 'T') name += '-';
        if (c >= '0' && c <= '9') name += c;
    }
    return name;
}

/// The file's name without what makes a ticket of it.
std::string name_of_file(const std::filesystem::path& file) {
    const auto ending = file.extension();
    return ending == ".yaml" || ending == ".yml" ? file.stem().string() : file.filename().string();
}

std::optional<made_ticket> read_ticket_file(const reverify_options& options, const service_table& services,
                                            std::vector<std::string>& errors) {
    const auto& file = options.ticket_file;
    const auto folder = fs::open_folder(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."));
    const auto text = folder ? fs::read_text(*folder, file.filename().string(), fs::largest_ticket)
                             : result<std::string>(folder.error());
    if (!text) {
        errors.push_back(printable(file.string()) + ": " + reverify::why_unreadable(text.error()));
        return std::nullopt;
    }
    bool has_file_beside = false;
    const auto beside = [&](const std::string& name) {
        has_file_beside = true;
        return fs::read_text(*folder, name, fs::largest_ticket);
    };
    const auto name = options.as.empty() ? name_of_file(file) : options.as;
    auto read = reverify::parse_ticket(name, printable(file.string()), *text, services, beside);
    if (!read) {
        for (const auto& error : read.error())
            errors.push_back(to_string(error));
        return std::nullopt;
    }
    // A CSV beside it does not come along: its names do.
    auto dropped = has_file_beside ? reverify::ticket_text(*read) : *text;
    return made_ticket{std::move(*read), std::move(dropped)};
}

std::optional<made_ticket> make_ticket(const reverify_options& options, const service_table& services,
                                       std::vector<std::string>& errors) {
    if (!options.ticket_file.empty()) return read_ticket_file(options, services, errors);
    auto made = reverify::ticket_of_flags(options, options.as.empty() ? name_of_now() : options.as, services);
    if (!made) {
        errors = made.error();
        return std::nullopt;
    }
    auto text = reverify::ticket_text(*made);
    return made_ticket{std::move(*made), std::move(text)};
}

/// A name whose file nobody would take for a ticket.
std::optional<exit_code> refuse_name(const std::string& name) {
    if (fs::ticket_named(name + ".yaml")) return std::nullopt;
    return complain("reverify: kycd takes files called " + printable(name) +
                        ".yaml for leftovers of other programs; give the ticket another name with --as",
                    exit_code::usage);
}

/// Every case there is goes only when somebody has said so.
std::optional<exit_code> ask_first(const reverify_options& options, const ticket& asked) {
    if (options.plan || options.all || !reverify::selects_everything(asked.which)) return std::nullopt;
    const std::string what = "nothing is chosen, so every delivered case would be verified, and paid for, again";
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0)
        return complain("reverify: " + what + ": nothing was done; choose, look with --plan, or say --all",
                        exit_code::usage);
    std::cerr << what << ". Type yes to go on: " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "yes") return std::nullopt;
    return complain("reverify: nothing was done", exit_code::some_failed);
}

exit_code spool_trouble(const fault& what) {
    return complain("reverify: " + what.message() + "; run this as kycd's user or as root", exit_code::spool_unusable);
}

/// Why this name cannot be taken, or that the very ticket is there; none: it is free.
std::optional<exit_code> look_for_twin(spool_view& view, const made_ticket& made) {
    const auto name = printable(made.asked.name);
    const auto files = fs::list_tickets(view.layout());
    if (!files) return spool_trouble(files.error());
    for (const auto& each : *files) {
        if (each.name != made.asked.name) continue;
        const auto text = fs::read_ticket(view.layout(), each);
        if (each.wish == fs::ticket_wish::run && text && *text == made.text) {
            std::cerr << "kycd: reverify: this very ticket, " << name << ", is in the inbox already\n";
            return exit_code::done;
        }
        auto what =
            "reverify: there is a ticket " + name + " in the inbox already; give this one another name with --as, ";
        what.append("or 'kycd reverify cancel ").append(name).append("'");
        return complain(what, exit_code::some_failed);
    }
    if (view.ledger() == nullptr) return std::nullopt;
    const auto known = view.ledger()->tickets();
    if (!known) return std::nullopt; // an unreadable ledger keeps nobody from asking
    for (const auto& each : *known)
        if (each.about.name == made.asked.name)
            return complain("reverify: a ticket " + name + " was taken on " + time_words(each.about.accepted_at) +
                                " already; give this one another name with --as",
                            exit_code::some_failed);
    return std::nullopt;
}

void say_what_is_next(const spool_view& view, const made_ticket& made, const std::filesystem::path& file) {
    const auto window = made.asked.window.value_or(view.config().bulk.window);
    const auto now = std::chrono::system_clock::now();
    std::cout << "dropped " << printable(file.string()) << "\n";
    if (view.running() == false)
        std::cout << "kycd is not running: it is taken when 'kycd run' is started\n";
    else
        std::cout << "it begins "
                  << (window.is_open(now) ? std::string("at once") : "on " + window.on_its_clock(window.opens(now)))
                  << " (" << window.describe() << ")\n";
    std::cout << "'kycd reverify list' shows how far it is; 'kycd reverify pause|cancel " << printable(made.asked.name)
              << "' stops it\nits report comes to "
              << printable((view.layout().roots().outbox / fs::ticket_folder / made.asked.name).string()) << "\n";
}

/// The daemon would say so at night.
exit_code refuse_canaries(const std::vector<std::string>& missing) {
    return complain("reverify: " + printable(reverify::missing_canaries_words(missing)) +
                        ": such a ticket is refused; name delivered cases with --canary",
                    exit_code::usage);
}

exit_code refuse_size(const made_ticket& made, const settings& config) {
    return complain("reverify: the ticket would be " + format_size(made.text.size()) +
                        ", and at most 16 MiB are read of one: name fewer cases in each of several tickets, or put a "
                        "CSV of the names into " +
                        printable((config.folders.inbox / fs::ticket_folder).string()) +
                        " and beside it a ticket that says names: {csv: FILE}",
                    exit_code::usage);
}

exit_code drop(const reverify_options& options, const settings& config, const made_ticket& made) {
    const auto access = resolve_access(config);
    if (!access) return complain(access.error(), exit_code::config_wrong);
    spool_view view(config);
    if (const auto over = look_for_twin(view, made)) return *over;
    // Where the outbox cannot be read just now, the daemon looks.
    const auto missing = reverify::missing_canaries(config, made.asked, std::chrono::system_clock::now());
    if (missing && !missing->empty()) return refuse_canaries(*missing);
    if (auto done = fs::drop_ticket(view.layout(), made.asked.name, made.text, *access); !done)
        return spool_trouble(done.error());
    const auto file = config.folders.inbox / fs::ticket_folder / (made.asked.name + ".yaml");
    if (options.json)
        std::cout << reverify_json(made.asked, made.text, std::nullopt, file);
    else
        say_what_is_next(view, made, file);
    return exit_code::done;
}

exit_code show_plan(const reverify_options& options, const settings& config, const made_ticket& made) {
    spool_view view(config);
    const auto plan = reverify::plan_ticket(config, made.asked, view.ledger(), std::chrono::system_clock::now());
    if (!plan) return spool_trouble(plan.error());
    if (options.json)
        std::cout << reverify_json(made.asked, made.text, *plan, {});
    else
        print_plan(std::cout, made.asked, *plan, config);
    std::cout.flush();
    if (!plan->selected.missing_canaries.empty()) return refuse_canaries(plan->selected.missing_canaries);
    return exit_code::done;
}

exit_code from_flags_or_file(const reverify_options& options, const settings& config) {
    // As whoever calls: the file is theirs.
    std::vector<std::string> errors;
    const auto made = make_ticket(options, config.services, errors);
    if (!made) {
        for (const auto& each : errors)
            std::cerr << "kycd: reverify: " << each << "\n";
        return exit_code::usage;
    }
    if (const auto stopped = refuse_name(made->asked.name)) return *stopped;
    if (made->text.size() > fs::largest_ticket) return refuse_size(*made, config);
    if (const auto stopped = ask_first(options, made->asked)) return *stopped;
    if (const auto why = become_owner_of(config.folders.outbox); !why.empty())
        return complain("reverify: " + why, exit_code::spool_unusable);
    return options.plan ? show_plan(options, config, *made) : drop(options, config, *made);
}

exit_code list(const reverify_options& options, const settings& config) {
    spool_view view(config);
    const auto files = fs::list_tickets(view.layout());
    if (!files) return spool_trouble(files.error());
    std::vector<ledger::ticket_standing> known;
    if (view.ledger() != nullptr) {
        auto read = view.ledger()->tickets();
        if (read)
            known = std::move(*read);
        else
            view.add_trouble(read.error());
    }
    auto tickets = join_tickets(known, *files);
    explain(tickets, tickets_of(view), std::chrono::system_clock::now());
    const auto strays =
        fs::list_strays(view.layout(), std::chrono::system_clock::now(), reverify::stray_patience_of(config));
    if (!strays) return spool_trouble(strays.error());
    if (options.json)
        std::cout << tickets_json(tickets, *strays);
    else
        print_tickets(std::cout, tickets, *strays, painter(options.color));
    return complain_of_troubles(view);
}

/// What a ticket's file is already, in the words of whoever wants it otherwise.
std::string already(fs::ticket_wish wish) {
    switch (wish) {
    case fs::ticket_wish::pause:
        return "is paused already";
    case fs::ticket_wish::cancel:
        return "is cancelled already";
    case fs::ticket_wish::run:
        break;
    }
    return "is not paused";
}

exit_code no_such_ticket(const std::string& name, const std::vector<fs::ticket_file>& files) {
    std::vector<std::string> names;
    names.reserve(files.size());
    for (const auto& each : files)
        names.push_back(each.name);
    auto what = "reverify: there is no ticket " + printable(name) + " in the inbox";
    if (const auto near = nearest_word(name, names)) {
        what += "; did you mean " + printable(*near) + "?";
    } else if (!names.empty()) {
        what += "; there are: ";
        for (std::size_t i = 0; i < names.size(); ++i)
            what += (i == 0 ? "" : ", ") + printable(names[i]);
    }
    return complain(what, exit_code::some_failed);
}

/// Whether a ticket of that name has ended and none of it is open: a file of that name is somebody's mistake.
bool has_ended(const settings& config, const std::string& name) {
    spool_view view(config);
    if (view.ledger() == nullptr) return false;
    const auto known = view.ledger()->tickets();
    if (!known) return false;
    std::optional<ledger::ticket_state> last;
    for (const auto& each : *known)
        if (each.about.name == name) last = each.about.state;
    return last == ledger::ticket_state::ended;
}

exit_code change(const reverify_options& options, const settings& config, fs::ticket_wish wish,
                 const char* done_words) {
    const fs::spool_layout layout(config.folders);
    const auto files = fs::list_tickets(layout);
    if (!files) return spool_trouble(files.error());
    const auto found =
        std::find_if(files->begin(), files->end(), [&](const auto& each) { return each.name == options.name; });
    if (found == files->end()) return no_such_ticket(options.name, *files);
    const auto name = printable(options.name);
    if (found->wish == wish) return complain("reverify: " + name + " " + already(wish), exit_code::some_failed);
    if (found->wish == fs::ticket_wish::cancel)
        return complain("reverify: " + name +
                            " is cancelled, which is not taken back; drop it again under another name",
                        exit_code::some_failed);
    if (wish == fs::ticket_wish::run && has_ended(config, options.name))
        return complain("reverify: a ticket " + name + " has ended, and none is run under its name again; rename " +
                            printable((config.folders.inbox / fs::ticket_folder / found->file).string()) +
                            " to another name that ends in .yaml",
                        exit_code::some_failed);
    const auto done = fs::wish_for(layout, options.name, wish);
    if (!done && done.error().code == std::errc::no_such_file_or_directory)
        return complain("reverify: " + name + " has ended just now", exit_code::some_failed);
    if (!done) return spool_trouble(done.error());
    if (options.json)
        std::cout << tickets_json(join_tickets({}, fs::list_tickets(layout).value()), {});
    else
        std::cout << name << " " << done_words << "\n";
    return exit_code::done;
}

} // namespace

exit_code reverify_command(const reverify_options& options) {
    const auto config = load_settings(options.config);
    if (!config) return complain(config.error());
    if (options.action == reverify_action::ticket) return from_flags_or_file(options, *config);
    if (const auto why = become_owner_of(config->folders.outbox); !why.empty())
        return complain("reverify: " + why, exit_code::spool_unusable);
    switch (options.action) {
    case reverify_action::pause:
        return change(options, *config, fs::ticket_wish::pause,
                      "is paused: what is under way is ended, nothing new begun");
    case reverify_action::resume:
        return change(options, *config, fs::ticket_wish::run, "goes on when its window is open");
    case reverify_action::cancel:
        return change(options, *config, fs::ticket_wish::cancel, "is cancelled: its report tells what was done");
    case reverify_action::list:
    case reverify_action::ticket:
        break;
    }
    return list(options, *config);
}

} // namespace kyc
