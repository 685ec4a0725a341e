#include "fs/page_stock.hpp"

#include <algorithm>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace kyc::fs {

namespace {

/// So many at most are kept, that none of them takes long to look through and keeping one never allocates. 32 uploads
/// of three pictures are 96.
constexpr std::size_t most_kept = 128;

std::size_t in_whole_pages(std::size_t size) {
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return std::max<std::size_t>((size + page - 1) / page, 1) * page;
}

template<class Regions>
void unmap(const Regions& regions) {
    for (const auto& each : regions)
        ::munmap(each.begin, each.size);
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

page_stock::page_stock() {
    spare_.reserve(most_kept + 1);
}

page_stock::~page_stock() {
    unmap(spare_);
}

page_buffer page_stock::take(std::size_t size) {
    const auto least = in_whole_pages(size);
    if (const auto kept = take_spare(least); kept.begin) return {*this, kept.begin, size, kept.size};
    // All of it is about to be written to: one call instead of a fault for each page.
    void* const begin =
        ::mmap(nullptr, least, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (begin == MAP_FAILED) throw std::bad_alloc();
    {
        const std::lock_guard lock(mutex_);
        out_bytes_ += least;
    }
    page_buffer lent(*this, static_cast<std::byte*>(begin), size, least);
    unmap(remove_oldest(least)); // none of them is of use for what is read now
    return lent;
}

void page_stock::shed_unused() {
    unmap(remove_oldest(least_spare()));
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
    least_spare_ = std::min(least_spare_, spare_bytes_);
    out_bytes_ += found.size;
    return found;
}

/// Since the call before.
std::size_t page_stock::least_spare() {
    const std::lock_guard lock(mutex_);
    return std::exchange(least_spare_, spare_bytes_);
}

/// Until they are at least so many bytes, or none is left. What becomes of them is for the caller: unmapping takes
/// long, so not under the lock.
std::vector<page_stock::region> page_stock::remove_oldest(std::size_t least) {
    const std::lock_guard lock(mutex_);
    std::size_t bytes = 0;
    auto end = spare_.begin();
    for (; end != spare_.end() && bytes < least; ++end)
        bytes += end->size;
    std::vector<region> removed(spare_.begin(), end);
    spare_.erase(spare_.begin(), end);
    spare_bytes_ -= bytes;
    least_spare_ = std::min(least_spare_, spare_bytes_);
    return removed;
}

void page_stock::give_back(region which) noexcept {
    const std::lock_guard lock(mutex_);
    out_bytes_ -= which.size;
    spare_.push_back(which); // has room
    spare_bytes_ += which.size;
    if (spare_.size() <= most_kept) return;
    const auto oldest = spare_.front();
    spare_.erase(spare_.begin());
    spare_bytes_ -= oldest.size;
    ::munmap(oldest.begin, oldest.size);
}

} // namespace kyc::fs
