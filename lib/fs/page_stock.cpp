#include "fs/page_stock.hpp"

#include <algorithm>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace kyc::fs {

namespace {

/// So many at most are kept, that none of them takes long to look through and keeping one never allocates.
constexpr std::size_t most_kept = 64;

std::size_t in_whole_pages(std::size_t size) {
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return std::max<std::size_t>((size + page - 1) / page, 1) * page;
}

} // namespace

page_buffer::page_buffer(page_buffer&& other) noexcept
    : from_(std::exchange(other.from_, nullptr)), begin_(std::exchange(other.begin_, nullptr)),
      size_(std::exchange(other.size_, 0)), pages_(std::exchange(other.pages_, 0)) {}

page_buffer& page_buffer::operator=(page_buffer&& other) noexcept {
    std::swap(from_, other.from_);
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    std::swap(pages_, other.pages_);
    return *this;
}

page_buffer::~page_buffer() {
    if (from_) from_->give_back({begin_, pages_});
}

void page_buffer::shrink(std::size_t size) {
    size_ = std::min(size, size_);
}

page_stock::page_stock(std::size_t most_spare) : most_spare_(most_spare) {
    spare_.reserve(most_kept + 1);
}

page_stock::~page_stock() {
    for (const auto& each : spare_)
        unmap(each);
}

page_buffer page_stock::take(std::size_t size) {
    const auto least = in_whole_pages(size);
    if (const auto kept = take_spare(least); kept.begin) return {*this, kept.begin, size, kept.size};
    // All of it is about to be written to: one call instead of a fault for each page.
    void* const begin =
        ::mmap(nullptr, least, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (begin == MAP_FAILED) throw std::bad_alloc();
    const std::lock_guard lock(mutex_);
    out_bytes_ += least;
    return {*this, static_cast<std::byte*>(begin), size, least};
}

std::size_t page_stock::mapped() const {
    const std::lock_guard lock(mutex_);
    return out_bytes_ + spare_bytes_;
}

/// The smallest that is large enough, and no more than a quarter too large; none: no region.
page_stock::region page_stock::take_spare(std::size_t least) {
    const std::lock_guard lock(mutex_);
    auto best = spare_.end();
    for (auto each = spare_.begin(); each != spare_.end(); ++each)
        if (each->size >= least && each->size <= least + least / 4 && (best == spare_.end() || each->size < best->size))
            best = each;
    if (best == spare_.end()) return {};
    const auto found = *best;
    spare_.erase(best);
    spare_bytes_ -= found.size;
    out_bytes_ += found.size;
    return found;
}

void page_stock::give_back(region which) noexcept {
    const std::lock_guard lock(mutex_);
    out_bytes_ -= which.size;
    spare_.push_back(which); // has room
    spare_bytes_ += which.size;
    const auto bound = out_bytes_ == 0 ? 0 : most_spare_;
    while (!spare_.empty() && (spare_bytes_ > bound || spare_.size() > most_kept)) {
        spare_bytes_ -= spare_.front().size;
        unmap(spare_.front());
        spare_.erase(spare_.begin());
    }
}

void page_stock::unmap(region which) noexcept {
    ::munmap(which.begin, which.size);
}

} // namespace kyc::fs
