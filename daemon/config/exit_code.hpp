#pragma once

// The exit codes that scripts and the unit file rely on (design section 5; the numbers from sysexits.h).

namespace kyc {

enum class exit_code : int {
    done = 0,                 ///< all answered; `run` after SIGTERM
    some_failed = 1,          ///< done, some cases failed
    stopped_early = 2,        ///< some cases still open
    usage = 64,               ///< EX_USAGE
    api_unreachable = 69,     ///< EX_UNAVAILABLE
    internal_error = 70,      ///< EX_SOFTWARE: a bug; the log says which
    spool_unusable = 73,      ///< EX_CANTCREAT
    output_lost = 74,         ///< EX_IOERR: all went well, but what the command printed could not be written
    credentials_refused = 77, ///< EX_NOPERM
    config_wrong = 78,        ///< EX_CONFIG
};

} // namespace kyc
