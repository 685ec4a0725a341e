#pragma once
// The connections that are being opened, all in one place, so that a stop need not wait for a host that is silent.

#include <functional>
#include <list>

namespace kyc::net {

/// Nothing of a request has left while its connection is opened, so giving it up then loses nothing. Loop's thread
/// only; must outlive its places.
class openings {
  public:
    openings() = default;
    openings(const openings&) = delete;
    openings& operator=(const openings&) = delete;

    /// One connection that is being opened, for as long as it lives. `end` hurries its operations to their end; called
    /// at most once, and not by the constructor.
    class place {
      public:
        place(openings& owner, std::function<void()> end)
            : owner_(owner), in_list_(owner.list_.insert(owner.list_.end(), std::move(end))) {}

        place(const place&) = delete;
        place& operator=(const place&) = delete;

        ~place() { owner_.list_.erase(in_list_); }

      private:
        openings& owner_;
        std::list<std::function<void()>>::iterator in_list_;
    };

    /// For good: whoever opens a connection from now on asks given_up() first.
    void give_up() {
        if (given_up_) return;
        given_up_ = true;
        for (const auto& end : list_)
            end();
    }

    [[nodiscard]] bool given_up() const { return given_up_; }

  private:
    std::list<std::function<void()>> list_;
    bool given_up_ = false;
};

} // namespace kyc::net
