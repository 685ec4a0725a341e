#include "simulation/run.hpp"

#include "core/pacing.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <random>
#include <utility>

namespace kyc::simulation {
namespace {

struct a_case {
    double answered_at = 0;
    std::size_t polls = 0;
    std::size_t failures = 0;
};

class night {
  public:
    night(const world& in, const std::string& name, double from, double until, unsigned seed)
        : in_(in), limiter_(in.limits()), workers_(in.workers, in.queue), control_(make_controller(name, in.most)),
          from_(from), until_(until), random_(seed), left_(in.cases) {}

    outcome run() {
        dispatch();
        while (!events_.empty() && events_.begin()->first <= until_) {
            const auto next = events_.begin();
            now_ = next->first;
            const auto what = std::move(next->second);
            events_.erase(next);
            what();
            dispatch();
        }
        const double span = until_ - from_;
        outcome out;
        out.requests_per_second = static_cast<double>(through_) / span;
        out.refused_share =
            through_ + refused_ == 0 ? 0 : static_cast<double>(refused_) / static_cast<double>(through_ + refused_);
        out.cases_per_second = static_cast<double>(answered_) / span;
        out.polls_per_case = answered_ == 0 ? 0 : static_cast<double>(polls_) / static_cast<double>(answered_);
        out.upload_seconds = uploads_ == 0 ? 0 : upload_time_ / static_cast<double>(uploads_);
        out.poll_seconds = polls_ == 0 ? 0 : poll_time_ / static_cast<double>(polls_);
        out.uploads_limit = static_cast<double>(control_->limit(kind::upload));
        out.polls_limit = static_cast<double>(control_->limit(kind::poll));
        return out;
    }

  private:
    static constexpr std::size_t most_pending = 10'000;

    double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }

    double lognormal(double median, double sigma) {
        return median * std::exp(sigma * std::normal_distribution<double>(0, 1)(random_));
    }

    double way() { return in_.round_trip / 2 + std::exponential_distribution<double>(1 / in_.jitter)(random_); }

    void after(double seconds, std::function<void()> what) { events_.emplace(now_ + seconds, std::move(what)); }

    bool counts() const { return now_ >= from_; }

    /// Lets calls go while there are permits and the pace allows it: one upload, one poll, and so on.
    void dispatch() {
        for (;;) {
            const bool upload = under_way_[0] < control_->limit(kind::upload) && pending_ < most_pending &&
                                (!again_.empty() || left_ > 0);
            const bool poll = under_way_[1] < control_->limit(kind::poll) && !due_.empty();
            if (!upload && !poll) return;
            const double ready = control_->ready_at(now_);
            if (ready > now_ + 1e-9) {
                if (wake_ <= now_ || ready < wake_) {
                    wake_ = ready;
                    // A loop that has other things to do is late.
                    after(ready - now_ + std::exponential_distribution<double>(1 / 0.0005)(random_), [] {});
                }
                return;
            }
            const bool takes_upload = upload && (!poll || last_was_poll_);
            last_was_poll_ = !takes_upload;
            if (takes_upload) {
                send_upload();
            } else {
                send_poll();
            }
        }
    }

    void send_upload() {
        a_case one;
        if (!again_.empty()) {
            one = again_.front();
            again_.pop_front();
        } else {
            --left_;
        }
        const double bytes = std::clamp(lognormal(600e3, 0.6), 50e3, 4e6);
        send(kind::upload, one, static_cast<std::size_t>(bytes), bytes / in_.bytes_per_second, in_.upload_work);
    }

    void send_poll() {
        const auto one = due_.front();
        due_.pop_front();
        send(kind::poll, one, 0, 0, in_.poll_work);
    }

    void send(kind of, a_case one, std::size_t bytes, double transfer, double work) {
        ++under_way_[static_cast<std::size_t>(of)];
        const auto call = control_->sent(of, now_, bytes);
        const double began = now_;
        after(transfer + way(), [this, of, one, call, began, work]() { arrive(of, one, call, began, work); });
    }

    void arrive(kind of, const a_case& one, std::size_t call, double began, double work) {
        const auto said = limiter_(now_);
        if (!said.allowed) {
            after(way(), [=, this]() { refused(of, one, call, said.status, said.retry_after); });
            return;
        }
        const double slowness = now_ >= in_.slower_from ? in_.slower_by : 1;
        const auto ends = workers_.serve(now_, slowness * lognormal(work, in_.noise));
        if (!ends) {
            after(way(), [=, this]() { refused(of, one, call, 503, std::nullopt); });
            return;
        }
        after(*ends - now_ + way(), [=, this]() { served(of, one, call, began); });
    }

    void refused(kind of, a_case one, std::size_t call, int status, std::optional<double> retry_after) {
        --under_way_[static_cast<std::size_t>(of)];
        control_->finished(call, now_, status, retry_after);
        if (counts()) ++refused_;
        ++one.failures;
        const double backoff =
            static_cast<double>(backoff_delay(retry_settings{}, one.failures, uniform()).count()) / 1000;
        const double wait = std::max(backoff, retry_after.value_or(0));
        after(wait, [this, of, one]() { (of == kind::upload ? again_ : due_).push_back(one); });
    }

    void served(kind of, a_case one, std::size_t call, double began) {
        --under_way_[static_cast<std::size_t>(of)];
        control_->finished(call, now_, 200, std::nullopt);
        one.failures = 0;
        if (counts()) {
            ++through_;
            (of == kind::upload ? uploads_ : polls_) += 1;
            (of == kind::upload ? upload_time_ : poll_time_) += now_ - began;
        }
        if (of == kind::upload) {
            ++pending_;
            one.answered_at = now_ + lognormal(in_.answer_median, in_.answer_sigma);
        } else {
            ++one.polls;
            if (now_ >= one.answered_at) {
                --pending_;
                if (counts()) ++answered_;
                return;
            }
        }
        poll_settings plan;
        plan.first = std::chrono::milliseconds(static_cast<long>(in_.answer_median * 1000));
        after(static_cast<double>(poll_delay(plan, one.polls, uniform()).count()) / 1000,
              [this, one]() { due_.push_back(one); });
    }

    const world& in_;
    limiter limiter_;
    workers workers_;
    std::unique_ptr<controller> control_;
    double from_, until_;
    std::mt19937_64 random_;
    std::size_t left_;
    double now_ = 0;
    double wake_ = -1;
    bool last_was_poll_ = true;
    std::multimap<double, std::function<void()>> events_;
    std::deque<a_case> again_; ///< to be uploaded once more
    std::deque<a_case> due_;   ///< to be asked for
    std::size_t under_way_[2]{};
    std::size_t pending_ = 0;
    std::size_t through_ = 0, refused_ = 0, answered_ = 0, uploads_ = 0, polls_ = 0;
    double upload_time_ = 0, poll_time_ = 0;
};

} // namespace

outcome simulate(const world& in, const std::string& controller_name, double from, double until, unsigned seed) {
    return night(in, controller_name, from, until, seed).run();
}

} // namespace kyc::simulation
