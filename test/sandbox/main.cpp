#include "sandbox/options.hpp"
#include "sandbox/scenario_yaml.hpp"
#include "sandbox/state_folder.hpp"
#include "sandbox/tls_server.hpp"
#include "sandbox/world.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/prctl.h>

namespace {

using namespace kyc::sandbox;

void load_scenario(world& into, const std::filesystem::path& file) {
    std::ifstream in(file);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto read = read_scenario(text, into.rules);
    if (!read) throw std::invalid_argument(file.string() + ": " + read.error());
    into.rules = into.defaults = read->settings;
    into.script = scenario(std::move(read->rules));
}

void run(const options& chosen) {
    const state_folder state(chosen.state);
    world shared(chosen.rules, chosen.username, chosen.password, state.bill_file(), state.token_key());
    if (chosen.keep_tasks) shared.tasks.keep_in(state.tasks_file());
    if (chosen.scenario) load_scenario(shared, *chosen.scenario);

    boost::asio::io_context loop(1);
    boost::asio::signal_set stop_signals(loop, SIGTERM, SIGINT);
    if (chosen.exit_with_parent) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    tls_server server(loop.get_executor(), read_endpoint(chosen.listen), state.certificate_pem(), state.key_pem(),
                      shared, chosen.limits);
    stop_signals.async_wait([&](const boost::system::error_code& error, int) {
        if (!error) server.stop();
    });
    server.start();
    state.announce(server.port());
    std::printf("kycd-sandbox: https://localhost:%u/api/v3, CA %s\n", unsigned{server.port()}, state.ca_file().c_str());
    std::fflush(stdout);
    loop.run();
    state.withdraw();
}

} // namespace

int main(int count, char** words) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto chosen = read_options(count, words);
    if (const auto* code = std::get_if<int>(&chosen)) return *code;
    try {
        run(std::get<options>(chosen));
        return 0;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "kycd-sandbox: %s\n", problem.what());
        return 1;
    }
}
