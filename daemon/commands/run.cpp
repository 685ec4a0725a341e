#include "commands/run.hpp"

#include "app.hpp"
#include "commands/complain.hpp"
#include "commands/summary.hpp"
#include "config/settings_yaml.hpp"
#include "log/log.hpp"

namespace kyc {

exit_code run_command(const run_options& options) {
    auto loaded = load_settings(options.config);
    if (!loaded) return complain(loaded.error());
    auto config = std::make_shared<const settings>(std::move(*loaded));
    log::configure(config->log);
    auto started = start_app(config, options);
    if (!started) return complain(started.error().message, started.error().code);
    const auto outcome = (*started)->run();
    if (options.once) print_summary(outcome, options.json);
    return outcome.code;
}

} // namespace kyc
