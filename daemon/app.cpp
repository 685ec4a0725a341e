#include "app.hpp"

#include "async/blocking_pool.hpp"
#include "async/loop_latency.hpp"
#include "async/permits.hpp"
#include "async/rate_limit.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "config/admin_access.hpp"
#include "config/settings_yaml.hpp"
#include "core/units.hpp"
#include "figures/day_book.hpp"
#include "figures/progress_marks.hpp"
#include "fs/inbox.hpp"
#include "fs/inbox_watch.hpp"
#include "life/case_world.hpp"
#include "life/fault_words.hpp"
#include "life/intake.hpp"
#include "life/pending_tasks.hpp"
#include "life/process_case.hpp"
#include "life/recovery.hpp"
#include "log/crash_blame.hpp"
#include "log/log.hpp"
#include "reverify/bulk_lane.hpp"
#include "reverify/ticket_desk.hpp"
#include "start/api_link.hpp"
#include "start/start_up.hpp"
#include "status/operator_desk.hpp"
#include "status/progress_line.hpp"
#include "systemd/service_manager.hpp"
#include "systemd/service_report.hpp"
#include "upkeep/day_upkeep.hpp"
#include "upkeep/ledger_upkeep.hpp"
#include "upkeep/page_upkeep.hpp"
#include "upkeep/retention.hpp"
#include "version.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <random>
#include <thread>

namespace kyc {

namespace {

/// Cases that may be between claim and receipt: beside those that upload a few are read and checked, so that the next
/// upload has something to send. Each holds its images, so this is most of what kycd needs of memory.
std::size_t most_before_receipt(std::size_t uploads) {
    return uploads + 2;
}

random_unit make_random() {
    return [engine = std::mt19937_64(std::random_device{}())]() mutable {
        return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
    };
}

/// Twice the cores: half of what runs there waits for the disk.
std::size_t pool_threads() {
    return std::clamp<std::size_t>(2 * std::thread::hardware_concurrency(), 4, 16);
}

/// Reading images takes several times the processor time of all else. When the cores do not suffice, it is what waits:
/// the loop then serves whom it can, and what has been read is sent before more is read (setpriority(2)).
constexpr int behind_the_loop = 5;

/// A step of the start that blocks: a ledger that was damaged is read as a whole, a share takes its time.
constexpr std::chrono::minutes longest_step{10};

/// How long a scan may go without seeing a single entry, or be late, and how long a commit may take. Past that the
/// watchdog is not fed, and being killed is dear: the receipts of uploads under way are lost, and those cases are
/// perhaps paid twice. So this is beyond what storage needs that comes back by itself: a share's server that starts
/// anew or is taken over by another one holds its clients' calls up for minutes; a disk's command may take 30 s and is
/// repeated five times, and several paths to one are given up after two minutes. After ten minutes without a look into
/// the inbox nothing is under way any more that a restart could hurt.
constexpr std::chrono::seconds scan_patience{600};
constexpr std::chrono::seconds commit_patience{300};

/// An exception nobody expected: the folders and the ledger say where the next start goes on, and unwinding would
/// destroy what suspended coroutines still refer to.
[[noreturn]] void end_at_once(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        log::error(std::string("internal error, ending: ") + error.what() +
                   "; please report it with the log before it");
    } catch (...) {
        log::error("internal error, ending");
    }
    std::_Exit(static_cast<int>(exit_code::internal_error));
}

class daemon_app final : public app {
  public:
    /// From here on a stop signal waits for the loop instead of killing.
    daemon_app(std::shared_ptr<const settings> config, const run_options& options)
        : config_(std::move(config)), options_(options), layout_(config_->folders) {
        for (const int number : {SIGTERM, SIGINT, SIGHUP})
            signals_.add(number);
    }

    /// The steps that can fail; run() comes after.
    std::optional<start_failure> build();

    run_outcome run() override;

  private:
    async::awaitable<void> live();
    async::awaitable<void> work();
    async::awaitable<void> run_cases(std::vector<case_start> recovered);
    async::awaitable<void> run_tickets(std::vector<ledger::case_record> open);
    async::awaitable<void> scan_once();
    async::awaitable<void> watch_signals();
    async::awaitable<void> run_service();
    async::awaitable<void> run_once();
    async::awaitable<void> shut_down();
    void stop(std::string why);
    void end_damaged(const std::string& what);
    void reload();
    bool take_over(settings loaded);
    void adapt_limits();
    service_state service() const;
    void gather_outcome();
    exit_code judge() const;

    // In the order of construction; destroyed the other way round, after run() has emptied the loop.
    std::shared_ptr<const settings> config_;
    run_options options_;
    fs::spool_layout layout_;
    std::optional<taken_spool> spool_;
    fs::page_stock pages_; ///< before the loop, whose coroutines hold buffers to the end
    boost::asio::io_context loop_{1};
    async::loop_latency latency_;
    async::blocking_pool pool_{pool_threads(), behind_the_loop}; ///< images and folders
    async::blocking_pool ledger_pool_{1};                        ///< commits never queue behind images
    opened_records records_;
    api_link link_;
    async::permits uploads_{loop_.get_executor(), config_->limits.uploads};
    async::permits polls_{loop_.get_executor(), config_->limits.polls};
    async::permits memory_{loop_.get_executor(), config_->limits.memory};
    async::permits before_receipt_{loop_.get_executor(), most_before_receipt(config_->limits.uploads)};
    async::permits unanswered_{loop_.get_executor(), config_->limits.pending};
    async::rate_limit rate_{config_->limits.rate};
    async::group_work<result<void>> settling_{loop_.get_executor(), pool_,
                                              async::gathering::for_disk(config_->limits.uploads)};
    async::group_work<fs::departure> leaving_{loop_.get_executor(), pool_,
                                              async::gathering::for_disk(config_->limits.uploads)};
    fault_pause faults_{loop_.get_executor(), [this](const fault& met) {
                            return fault_words(met, layout_, config_->ledger, config_->services);
                        }};
    tally count_{loop_.get_executor()};
    day_book day_{config_->services, std::chrono::system_clock::now()};
    std::unique_ptr<fs::inbox> inbox_;
    std::unique_ptr<fs::inbox_watch> watch_;
    std::unique_ptr<case_world> world_;
    async::task_group cases_{loop_.get_executor(), end_at_once};   ///< cases in hand, but for those in pending_
    async::task_group keepers_{loop_.get_executor(), end_at_once}; ///< what begins and wakes cases: ends first
    std::unique_ptr<pending_tasks> pending_;
    std::unique_ptr<intake> intake_;
    std::unique_ptr<reverify::bulk_lane> bulk_;
    std::unique_ptr<reverify::ticket_desk> tickets_;
    progress_marks progress_; ///< asks intake_ and the ledger
    service_manager manager_;
    service_report report_{manager_, [this] { return service(); }};
    std::unique_ptr<operator_desk> desk_;
    async::task_group observers_{loop_.get_executor(), end_at_once}; ///< desk_, report_: end last
    boost::asio::signal_set signals_{loop_};
    async::signal stop_bell_{loop_.get_executor()};
    bool started_ = false; ///< the service manager knows that kycd is ready
    bool scanned_ = false; ///< --once: the inbox has been read
    bool ledger_damaged_ = false;
    bool stopped_in_fault_ = false; ///< the system was in trouble when the stop came
    run_outcome outcome_;
};

std::optional<start_failure> daemon_app::build() {
    manager_.starting("taking the spool", longest_step);
    auto taken = take_spool(*config_, layout_);
    if (!taken) return taken.error();
    spool_.emplace(std::move(*taken));
    auto crashes = watch_for_crashes(layout_);
    if (!crashes) return start_failure("spool: " + crashes.error().message(), exit_code::spool_unusable);
    manager_.starting("reading the ledger and work/", longest_step);
    auto records = open_records(*config_, layout_, spool_->access, loop_.get_executor(), ledger_pool_);
    if (!records) return records.error();
    records_ = std::move(*records);
    auto link = make_api_link(loop_.get_executor(), config_);
    if (!link) return start_failure(link.error(), exit_code::config_wrong);
    link_ = std::move(*link);
    adapt_limits();
    inbox_ = fs::make_inbox(layout_, config_->intake, config_->services);
    pending_ = std::make_unique<pending_tasks>(loop_.get_executor(), *link_.api, polls_, cases_);
    world_ = std::make_unique<case_world>(case_world{config_,
                                                     layout_,
                                                     spool_->access,
                                                     pool_,
                                                     *records_.ledger,
                                                     *link_.api,
                                                     uploads_,
                                                     polls_,
                                                     before_receipt_,
                                                     unanswered_,
                                                     memory_,
                                                     pages_,
                                                     rate_,
                                                     settling_,
                                                     leaving_,
                                                     faults_,
                                                     *pending_,
                                                     count_,
                                                     day_,
                                                     make_random(),
                                                     {},
                                                     {},
                                                     {},
                                                     twin_list(loop_.get_executor()),
                                                     std::move(*crashes),
                                                     records_.spool,
                                                     [this](const std::string& what) { end_damaged(what); },
                                                     [this] { return tickets_->view(); },
                                                     [this] { return tickets_->ended(); },
                                                     false});
    intake_ = std::make_unique<intake>(*world_, *inbox_, cases_, loop_.get_executor());
    auto live_waits = [this] { return intake_->has_queued() || before_receipt_.waiting_first() != 0; };
    bulk_ = std::make_unique<reverify::bulk_lane>(*world_, live_waits, loop_.get_executor(), cases_, end_at_once);
    tickets_ = std::make_unique<reverify::ticket_desk>(*world_, *bulk_, loop_.get_executor(), end_at_once);
    progress_.watch("scan", scan_patience, [this](auto now) { return intake_->scan_still_since(now); });
    progress_.watch("ledger", commit_patience, [this](auto) { return world_->ledger.busy_since(); });
    auto access = read_admin_access(*config_, spool_->access.group);
    if (!access) return start_failure(access.error(), exit_code::config_wrong);
    desk_ = std::make_unique<operator_desk>(loop_.get_executor(), *world_, *intake_, latency_, progress_, link_,
                                            std::move(*access));
    if (!options_.once) {
        // The watch is set before the first scan, so nothing that comes in between is missed.
        auto watch = fs::make_inbox_watch(loop_.get_executor(), pool_, layout_, config_->intake, config_->services);
        if (!watch)
            return start_failure("inbox: " + watch.error().message() + "; see 'kycd check'", exit_code::spool_unusable);
        watch_ = std::move(*watch);
    }
    return std::nullopt;
}

/// For the service manager.
service_state daemon_app::service() const {
    auto state = look_at_service(*world_, *intake_, progress_);
    state.at = world_->stopping            ? service_state::phase::stopping
               : started_ || options_.once ? service_state::phase::running
                                           : service_state::phase::starting;
    state.moved += link_.client->statistics().bytes_sent;
    return state;
}

run_outcome daemon_app::run() {
    async::task_group root(loop_.get_executor(), end_at_once);
    root.spawn(live());
    async::run_measured(loop_, latency_); // returns by itself when nothing is left to do
    outcome_.http = link_.client->statistics();
    outcome_.loop = latency_;
    return outcome_;
}

async::awaitable<void> daemon_app::live() {
    keepers_.spawn(watch_signals());
    observers_.spawn(progress_.beat());
    observers_.spawn(report_.keep_telling());
    desk_->serve(observers_);
    log::info("started",
              {{"version", version}, {"api", link_.where}, {"watch", watch_ ? watch_->describe() : "one scan"}});
    try {
        co_await work();
    } catch (const boost::system::system_error& error) {
        // A stop ends what waits for the disk to get well.
        if (error.code() != boost::asio::error::operation_aborted) throw;
    }
    co_await shut_down();
}

async::awaitable<void> daemon_app::work() {
    co_await recall_answer_times(*world_);
    auto recovered = co_await recover_cases(*world_, std::move(records_.left_over));
    pending_->start(keepers_);
    if (records_.history_lost) co_await tickets_->distrust();
    if (!options_.once) keepers_.spawn(run_tickets(std::move(recovered.bulk)));
    keepers_.spawn(run_cases(std::move(recovered.live)));
    keepers_.spawn(keep_ledger(*world_));
    keepers_.spawn(keep_retention(*world_));
    keepers_.spawn(keep_pages(*world_));
    if (!options_.once) keepers_.spawn(recall_day(*world_)); // whom nobody looks at
    keepers_.spawn(note_backlog(*world_));
    keepers_.spawn(world_->troubles.keep_looking());
    if (records_.history_lost) keepers_.spawn(rebuild_history(*world_));
    if (options_.once) {
        co_await run_once();
    } else {
        co_await run_service();
    }
}

/// What was claimed before comes first.
async::awaitable<void> daemon_app::run_cases(std::vector<case_start> recovered) {
    co_await resume_cases(*world_, std::move(recovered), cases_);
    co_await intake_->feed();
}

/// A run with --once ends when the inbox is empty; tickets have their own times.
async::awaitable<void> daemon_app::run_tickets(std::vector<ledger::case_record> open) {
    co_await tickets_->recover(std::move(open));
    if (world_->stopping) co_return; // what is spawned after the cancellation would never hear of it
    keepers_.spawn(bulk_->feed());
    co_await tickets_->keep();
}

async::awaitable<void> daemon_app::scan_once() {
    co_await intake_->scan_once();
    scanned_ = true;
    count_.changed.notify_all();
}

async::awaitable<void> daemon_app::run_service() {
    keepers_.spawn(intake_->notes().keep());
    keepers_.spawn(intake_->listen(*watch_));
    manager_.ready();
    desk_->running();
    started_ = true;
    while (!world_->stopping)
        co_await stop_bell_.wait();
}

async::awaitable<void> daemon_app::run_once() {
    progress_line line(count_, options_.json);
    keepers_.spawn(scan_once());
    desk_->running();
    const auto begun = std::chrono::steady_clock::now(); // a slow start is no lack of progress
    while (!world_->stopping && !(scanned_ && intake_->drained() && count_.open() == 0)) {
        line.draw();
        const auto patience_ends = std::max(count_.last_progress(), begun) + config_->once.patience;
        const auto now = std::chrono::steady_clock::now();
        if (now >= patience_ends) {
            stop("no progress for " + format_duration(config_->once.patience));
            break;
        }
        (void)co_await count_.changed.wait_for(
            std::min<std::chrono::steady_clock::duration>(patience_ends - now, line.interval()));
    }
    line.wipe();
    outcome_.left = intake_->left();
    for (const auto& waiting : intake_->not_ready())
        outcome_.not_ready.emplace_back(waiting.entry.folder + "/" + waiting.entry.name, waiting.why);
}

/// No new work; uploads and deliveries in hand run to their end; then the loop runs dry.
async::awaitable<void> daemon_app::shut_down() {
    world_->stopping = true;
    boost::system::error_code ignored;
    signals_.clear(ignored); // from here on a second signal kills
    keepers_.cancel();
    cases_.cancel();
    co_await tickets_->end();
    co_await bulk_->end();
    co_await cases_.join();
    co_await keepers_.join();
    world_->troubles.end();
    keep_answer_times(*world_);
    co_await world_->ledger.flush();
    co_await intake_->notes().end();
    observers_.cancel();
    co_await observers_.join();
    co_await desk_->stop();
    gather_outcome();
    co_await link_.api->stop();
    link_.client->close_idle();
    log::info("stopped", {{"delivered", outcome_.delivered}, {"failed", outcome_.failed}, {"open", outcome_.open}});
}

/// What is damaged while it is open cannot be repaired there: the next start sets it aside and takes over what can be
/// read. Receipts that come until then go to the reserve.
void daemon_app::end_damaged(const std::string& what) {
    if (std::exchange(ledger_damaged_, true)) return;
    log::error("the ledger is damaged, ending with 73 so that the next start sets it aside: " + what);
    stop("the ledger is damaged");
}

void daemon_app::stop(std::string why) {
    if (world_->stopping) return;
    world_->stopping = true;
    outcome_.trouble = std::move(why);
    stopped_in_fault_ = faults_.active();
    manager_.stopping();
    log::info("stopping: " + outcome_.trouble +
              "; uploads in flight are finished, tasks are polled on at the next start");
    link_.client->stop_opening(); // a host that is silent holds up no stop
    tickets_->stop();
    faults_.wake();
    stop_bell_.notify_all();
    count_.changed.notify_all();
}

async::awaitable<void> daemon_app::watch_signals() {
    for (;;) {
        const auto [error, number] = co_await signals_.async_wait(async::as_result);
        if (error) co_return;
        if (number == SIGHUP) {
            reload();
        } else {
            stop(number == SIGTERM ? "SIGTERM" : "SIGINT");
            co_return;
        }
    }
}

/// limits.uploads and limits.polls are the most; the API's answers teach how many make sense. No more is read ahead
/// than goes with that, or a start would fill the memory with images before the first upload has shown what the API
/// takes.
void daemon_app::adapt_limits() {
    link_.api->adapt_within(config_->limits.uploads, config_->limits.polls,
                            [this](std::size_t uploads, std::size_t polls) {
                                uploads_.set_limit(uploads);
                                before_receipt_.set_limit(most_before_receipt(uploads));
                                polls_.set_limit(polls);
                            });
}

void daemon_app::reload() {
    manager_.reloading();
    auto loaded = load_settings(options_.config);
    bool done = false;
    if (loaded) {
        done = take_over(std::move(*loaded));
    } else {
        for (const auto& wrong : loaded.error())
            log::error("not reloaded, the old settings stay: " + to_string(wrong));
    }
    day_.metrics.reloaded(done, std::chrono::system_clock::now());
    manager_.reloaded();
}

/// All of it or nothing, which is false: what can fail comes before the first change.
bool daemon_app::take_over(settings loaded) {
    // What the running objects were built from stays as it is until a restart.
    loaded.spool = config_->spool;
    loaded.folders = config_->folders;
    loaded.ledger = config_->ledger;
    loaded.intake = config_->intake;
    loaded.services = config_->services;
    loaded.group = config_->group;
    loaded.api.base_url = config_->api.base_url;
    loaded.threads = config_->threads;
    auto access = read_admin_access(loaded, spool_->access.group);
    if (!access) {
        log::error("not reloaded, the old settings stay: " + access.error());
        return false;
    }
    if (const auto done = reload_api_link(link_, loaded); !done) {
        log::error("not reloaded, the old settings stay: " + done.error());
        return false;
    }
    config_ = std::make_shared<const settings>(std::move(loaded));
    world_->config = config_;
    adapt_limits();
    memory_.set_limit(config_->limits.memory);
    unanswered_.set_limit(config_->limits.pending);
    rate_.set(config_->limits.rate);
    desk_->change(std::move(*access));
    log::configure(config_->log);
    log::info("reloaded " + options_.config.string() +
              "; folders, intake, services, ledger, API address and threads change at a restart");
    return true;
}

void daemon_app::gather_outcome() {
    outcome_.taken = count_.taken();
    outcome_.resumed = count_.taken_over();
    outcome_.delivered = count_.delivered();
    outcome_.failed = count_.failed();
    outcome_.open = outcome_.taken - outcome_.delivered - outcome_.failed;
    outcome_.submissions = count_.submissions();
    outcome_.unknown_outcomes = count_.unknown_outcomes();
    outcome_.duplicates = count_.duplicates();
    outcome_.ledger = world_->ledger.counted();
    outcome_.verdicts = count_.verdicts();
    outcome_.failures = count_.failures();
    outcome_.code = judge();
}

/// The exit codes of design section 5.
exit_code daemon_app::judge() const {
    if (ledger_damaged_) return exit_code::spool_unusable;
    if (!options_.once) return exit_code::done;
    if (scanned_ && outcome_.open == 0 && outcome_.left == 0)
        return outcome_.failed > 0 ? exit_code::some_failed : exit_code::done;
    const auto health = link_.api->health();
    const bool nothing_got_through = outcome_.submissions == 0 && outcome_.delivered == 0;
    if (nothing_got_through && stopped_in_fault_) return exit_code::spool_unusable;
    if (nothing_got_through && health.credentials_refused) return exit_code::credentials_refused;
    if (nothing_got_through && (health.calls_answered == 0 || health.no_token)) return exit_code::api_unreachable;
    return exit_code::stopped_early;
}

} // namespace

boost::system::result<std::unique_ptr<app>, start_failure> start_app(std::shared_ptr<const settings> config,
                                                                     const run_options& options) {
    auto made = std::make_unique<daemon_app>(std::move(config), options);
    if (auto failed = made->build()) return std::move(*failed);
    return std::unique_ptr<app>(std::move(made));
}

} // namespace kyc
