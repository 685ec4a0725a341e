#include "life/twins.hpp"

#include "fs/sha256.hpp"

#include <algorithm>

namespace kyc {

std::string fingerprint_of(std::string_view spool, const service& target,
                           std::vector<std::pair<std::string, std::string>> fields, bool extend_data,
                           const std::vector<file_facts>& images) {
    std::sort(fields.begin(), fields.end());
    fs::sha256_stream hash;
    // Each part with its length: "ab" + "c" is not "a" + "bc".
    const auto add = [&hash](std::string_view part) {
        const auto length = std::to_string(part.size()) + ":";
        hash.update(std::as_bytes(std::span{length}));
        hash.update(std::as_bytes(std::span{part}));
    };
    add(spool);
    add(target.name);
    add(target.extend_data && extend_data ? "extended" : "plain");
    for (const auto& [name, value] : fields) {
        add(name);
        add(value);
    }
    add("images");
    for (const auto& image : images) {
        add(image.field);
        add(image.sha256);
    }
    return hash.finish();
}

bool twin_list::is_sent(const std::string& fingerprint) const {
    const auto found = entries_.find(fingerprint);
    return found != entries_.end() && found->second.sent > 0;
}

twin_list::entry_map::iterator twin_list::at(const std::string& fingerprint) {
    return entries_.try_emplace(fingerprint, loop_).first;
}

void twin_list::drop_unused(entry_map::iterator place) {
    if (place->second.sent == 0 && place->second.waiting == 0) entries_.erase(place);
}

twin_list::waiter::waiter(twin_list& owner, const std::string& fingerprint)
    : owner_(owner), place_(owner.at(fingerprint)) {
    ++place_->second.waiting;
}

twin_list::waiter::~waiter() {
    --place_->second.waiting;
    owner_.drop_unused(place_);
}

bool twin_list::waiter::is_sent() const {
    return place_->second.sent > 0;
}

std::uint64_t twin_list::waiter::ended() const {
    return place_->second.ended;
}

async::awaitable<void> twin_list::waiter::wait_until_none_is_sent() {
    auto& mine = place_->second; // stays while anybody waits
    while (mine.sent > 0)
        co_await mine.changed.wait();
}

sending_mark::sending_mark(twin_list& owner, const std::string& fingerprint)
    : owner_(&owner), place_(owner.at(fingerprint)) {
    ++place_->second.sent;
}

sending_mark::sending_mark(sending_mark&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), place_(other.place_) {}

sending_mark& sending_mark::operator=(sending_mark&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(place_, other.place_);
    return *this;
}

sending_mark::~sending_mark() {
    if (owner_ == nullptr) return;
    auto& mine = place_->second;
    --mine.sent;
    ++mine.ended;
    mine.changed.notify_all();
    owner_->drop_unused(place_);
}

} // namespace kyc
