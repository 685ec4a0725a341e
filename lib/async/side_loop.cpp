#include "async/side_loop.hpp"

#include <csignal>
#include <pthread.h>

namespace kyc::async {

namespace {

/// While it lives, a thread that is started inherits a mask of all signals but those that a thread causes itself.
class signals_kept_off {
  public:
    signals_kept_off() {
        sigset_t most;
        ::sigfillset(&most);
        for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
            ::sigdelset(&most, own);
        ::pthread_sigmask(SIG_SETMASK, &most, &before_);
    }

    ~signals_kept_off() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    signals_kept_off(const signals_kept_off&) = delete;
    signals_kept_off& operator=(const signals_kept_off&) = delete;

  private:
    sigset_t before_{};
};

} // namespace

side_loop::side_loop(const char* name) {
    const signals_kept_off meanwhile;
    thread_ = std::thread([this] { loop_.run(); });
    ::pthread_setname_np(thread_.native_handle(), name);
}

side_loop::~side_loop() {
    open_.reset();
    thread_.join();
}

} // namespace kyc::async
