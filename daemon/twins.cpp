#include "twins.hpp"

#include "case_world.hpp"
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

sending_mark::sending_mark(case_world& world, std::string fingerprint)
    : world_(&world), fingerprint_(std::move(fingerprint)) {
    ++world_->sending[fingerprint_];
}

sending_mark::sending_mark(sending_mark&& other) noexcept
    : world_(std::exchange(other.world_, nullptr)), fingerprint_(std::move(other.fingerprint_)) {}

sending_mark& sending_mark::operator=(sending_mark&& other) noexcept {
    std::swap(world_, other.world_);
    std::swap(fingerprint_, other.fingerprint_);
    return *this;
}

sending_mark::~sending_mark() {
    if (world_ == nullptr) return;
    const auto place = world_->sending.find(fingerprint_);
    if (--place->second == 0) world_->sending.erase(place);
    world_->sending_ended.notify_all();
}

} // namespace kyc
