#include "admin/event_hub.hpp"

#include "admin/http_reply.hpp"

#include <algorithm>

namespace kyc::admin {

event_hub::event_hub(const boost::asio::any_io_executor& loop, std::vector<event_source> sources)
    : changed_(loop), listened_(loop) {
    for (auto& each : sources)
        topics_.emplace_back(std::move(each));
}

event_hub::reader::reader(event_hub& hub) : hub_(hub), seen_(hub.topics_.size()) {
    // What is on the page at once must not be older than what the next event would bring.
    const auto now = clock::now();
    for (auto& each : hub_.topics_)
        if (now >= each.due) hub_.refresh(each, now);
    ++hub_.readers_;
    hub_.listened_.notify_all();
}

event_hub::reader::~reader() {
    --hub_.readers_;
}

async::awaitable<std::shared_ptr<const std::string>> event_hub::reader::next() {
    for (;;) {
        for (std::size_t i = 0; i < seen_.size(); ++i) {
            const auto& topic = hub_.topics_[i];
            if (seen_[i] == topic.number) continue;
            seen_[i] = topic.number;
            co_return topic.newest;
        }
        co_await hub_.changed_.wait();
    }
}

async::awaitable<void> event_hub::keep() {
    for (;;) {
        if (readers_ == 0 || topics_.empty()) {
            co_await listened_.wait();
            continue;
        }
        const auto earlier = [](const topic& a, const topic& b) { return a.due < b.due; };
        const auto next = std::min_element(topics_.begin(), topics_.end(), earlier);
        co_await async::sleep_for(std::max(next->due - clock::now(), clock::duration::zero()));
        refresh(*next, clock::now());
        changed_.notify_all();
    }
}

void event_hub::refresh(topic& which, clock::time_point now) {
    which.newest = std::make_shared<const std::string>(to_event(which.source.name, which.source.make()));
    ++which.number;
    which.due = now + which.source.every;
}

} // namespace kyc::admin
