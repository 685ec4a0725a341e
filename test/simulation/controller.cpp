#include "simulation/controller.hpp"

#include "core/concurrency_limit.hpp"
#include "core/request_pace.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

namespace kyc::simulation {
namespace {

steady_time at(double seconds) {
    return steady_time{} + std::chrono::hours(1000) +
           std::chrono::duration_cast<steady_time::duration>(std::chrono::duration<double>(seconds));
}

double seconds_of(steady_time time) {
    return std::chrono::duration<double>(time - at(0)).count();
}

class kycd final : public controller {
  public:
    explicit kycd(maxima most) : limits_{concurrency_limit(most.uploads), concurrency_limit(most.polls)} {}

    std::size_t limit(kind of) const override { return limits_[static_cast<std::size_t>(of)].limit(); }

    double ready_at(double now) const override { return seconds_of(pace_.ready_at(at(now))); }

    std::size_t sent(kind of, double now, std::size_t bytes) override {
        (void)pace_.sent(at(now));
        const auto which = static_cast<std::size_t>(of);
        const auto begun = limits_[which].begin(at(now), bytes);
        calls_.emplace(++last_, call{which, begun, limits_[0].under_way() + limits_[1].under_way()});
        return last_;
    }

    void finished(std::size_t which_call, double now, int status, std::optional<double> retry_after) override {
        const auto found = calls_.find(which_call);
        const auto [which, begun, at_a_time] = found->second;
        calls_.erase(found);
        using end = concurrency_limit::end;
        limits_[which].done(begun, at(now), status == 200 ? end::quick : end::overload);
        const auto of = which == 0 ? request_pace::kind::upload : request_pace::kind::poll;
        if (status == 200) {
            pace_.answered(of, begun.began, at(now));
        } else if (status == 503) {
            (void)pace_.unavailable(of, begun.began, at(now), at_a_time, std::nullopt);
        } else {
            std::optional<std::chrono::milliseconds> wait;
            if (retry_after) wait = std::chrono::milliseconds(static_cast<long>(*retry_after * 1000));
            pace_.refused(begun.began, at(now), wait);
        }
    }

  private:
    struct call {
        std::size_t of;
        concurrency_limit::call begun;
        std::size_t at_a_time; ///< of both kinds
    };

    request_pace pace_;
    concurrency_limit limits_[2];
    std::map<std::size_t, call> calls_;
    std::size_t last_ = 0;
};

/// What the published ones share: limits only. A Retry-After holds everybody, else a refusal holds nobody else.
class limits_only : public controller {
  public:
    explicit limits_only(maxima most)
        : limit_{static_cast<double>(most.uploads), static_cast<double>(most.polls)}, most_{limit_[0], limit_[1]} {}

    std::size_t limit(kind of) const override {
        return static_cast<std::size_t>(std::max(1.0, limit_[static_cast<std::size_t>(of)]));
    }

    double ready_at(double) const override { return held_until_; }

    std::size_t sent(kind of, double now, std::size_t) override {
        const auto which = static_cast<std::size_t>(of);
        calls_.emplace(++last_, call{which, now, ++under_way_[which]});
        return last_;
    }

    void finished(std::size_t which, double now, int status, std::optional<double> retry_after) override {
        const auto found = calls_.find(which);
        const auto one = found->second;
        calls_.erase(found);
        if (retry_after) held_until_ = std::max(held_until_, now + *retry_after);
        learn(one, now, status);
        limit_[one.of] = std::clamp(limit_[one.of], 1.0, most_[one.of]);
        --under_way_[one.of];
    }

  protected:
    struct call {
        std::size_t of;
        double began;
        std::size_t at_a_time;
    };

    virtual void learn(const call& one, double now, int status) = 0;

    bool used(std::size_t of) const { return static_cast<double>(under_way_[of]) >= std::floor(limit_[of]); }

    double limit_[2];
    double most_[2];
    std::size_t under_way_[2]{};

  private:
    std::map<std::size_t, call> calls_;
    std::size_t last_ = 0;
    double held_until_ = 0;
};

class fixed final : public limits_only {
  public:
    using limits_only::limits_only;

  private:
    void learn(const call&, double, int) override {}
};

/// One more per round of calls, nine tenths at a refusal.
class aimd final : public limits_only {
  public:
    using limits_only::limits_only;

  private:
    void learn(const call& one, double, int status) override {
        if (status != 200) {
            limit_[one.of] *= 0.9;
        } else if (used(one.of)) {
            limit_[one.of] += 1 / limit_[one.of];
        }
    }
};

/// Netflix concurrency-limits, Gradient2Limit with its defaults; a drop is ignored there, here it cuts as in AIMD.
class gradient2 final : public limits_only {
  public:
    using limits_only::limits_only;

  private:
    void learn(const call& one, double now, int status) override {
        auto& limit = limit_[one.of];
        if (status != 200) {
            limit *= 0.9;
            return;
        }
        const double took = now - one.began;
        auto& usual = usual_[one.of];
        usual = usual == 0 ? took : usual + (took - usual) * 2 / 601;
        if (usual / took > 2) usual *= 0.95;
        if (static_cast<double>(under_way_[one.of]) < limit / 2) return;
        const double gradient = std::clamp(1.5 * usual / took, 0.5, 1.0);
        limit = limit * 0.8 + (limit * gradient + 4) * 0.2;
    }

    double usual_[2]{};
};

/// Vector's adaptive request concurrency with its defaults: once per round trip one more, or nine tenths when the
/// round's mean exceeds the past mean by 2.5 deviations or something was refused.
class arc final : public limits_only {
  public:
    explicit arc(maxima most) : limits_only(most) { limit_[0] = limit_[1] = 1; }

  private:
    struct state {
        double mean = 0, variance = 0, sum = 0, next = 0;
        std::size_t count = 0;
        bool reached = false, refused = false;
    };

    void learn(const call& one, double now, int status) override {
        auto& s = state_[one.of];
        if (used(one.of)) s.reached = true;
        if (status != 200) {
            s.refused = true;
        } else {
            s.sum += now - one.began;
            ++s.count;
        }
        if (now < s.next) return;
        auto& limit = limit_[one.of];
        if (s.count > 0) {
            const double mean = s.sum / static_cast<double>(s.count);
            if (s.mean == 0) {
                s.mean = mean;
            } else {
                const double threshold = 2.5 * std::sqrt(s.variance);
                if (!s.refused && s.reached && mean <= s.mean) limit = std::floor(limit) + 1;
                if (s.refused || mean > s.mean + threshold) limit = std::floor(limit * 0.9);
                const double difference = mean - s.mean;
                s.mean += 0.4 * difference;
                s.variance = 0.6 * (s.variance + 0.4 * difference * difference);
            }
        } else if (s.refused) {
            limit = std::floor(limit * 0.9);
        }
        s.next = now + (s.mean > 0 ? s.mean : 1);
        s.sum = 0;
        s.count = 0;
        s.reached = s.refused = false;
    }

    state state_[2];
};

} // namespace

const std::vector<std::string>& controllers() {
    static const std::vector<std::string> names{"fixed", "aimd", "gradient2", "arc", "kycd"};
    return names;
}

std::unique_ptr<controller> make_controller(const std::string& name, maxima most) {
    if (name == "fixed") return std::make_unique<fixed>(most);
    if (name == "aimd") return std::make_unique<aimd>(most);
    if (name == "gradient2") return std::make_unique<gradient2>(most);
    if (name == "arc") return std::make_unique<arc>(most);
    if (name == "kycd") return std::make_unique<kycd>(most);
    throw std::invalid_argument("no controller is called " + name);
}

} // namespace kyc::simulation
