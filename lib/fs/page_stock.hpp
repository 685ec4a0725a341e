#pragma once
// Buffers for images: in pages of their own, and used again.

#include <cstddef>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace kyc::fs {

class page_stock;

/// Bytes that a stock gave out and gets back. Moving leaves them where they are.
class page_buffer {
  public:
    page_buffer() = default;
    page_buffer(page_buffer&& other) noexcept;
    page_buffer& operator=(page_buffer&& other) noexcept;
    ~page_buffer();

    [[nodiscard]] std::span<std::byte> bytes() { return {begin_, size_}; }

    [[nodiscard]] std::span<const std::byte> bytes() const { return {begin_, size_}; }

    [[nodiscard]] std::size_t size() const { return size_; }

    /// To at most its size; the pages stay.
    void shrink(std::size_t size);

  private:
    friend class page_stock;

    page_buffer(page_stock& from, std::byte* begin, std::size_t size, std::size_t pages)
        : from_(&from), begin_(begin), size_(size), pages_(pages) {}

    page_stock* from_ = nullptr;
    std::byte* begin_ = nullptr;
    std::size_t size_ = 0;
    std::size_t pages_ = 0; ///< bytes that are mapped
};

/// Lends buffers that are as large as what is read into them, to a page. On the heap a picture would take the next
/// larger of the allocator's sizes, a seventh more, and be cleared before it is read into; pages that come and go with
/// each picture cost more than that, a tenth of what a case costs. So what comes back is kept for the next, until it
/// has lain unused for a while. Must outlive its buffers. Any thread.
class page_stock {
  public:
    page_stock();
    ~page_stock();
    page_stock(const page_stock&) = delete;
    page_stock& operator=(const page_stock&) = delete;

    /// Not cleared: what it held before may still stand in it. std::bad_alloc if the system has no memory.
    [[nodiscard]] page_buffer take(std::size_t size);

    /// Gives the system back what has lain unused since the call before; to be called now and then. Takes some
    /// milliseconds where that is much.
    void shed_unused();

    /// Bytes of all buffers that are out, and of all that are kept.
    [[nodiscard]] std::size_t mapped() const;

  private:
    friend class page_buffer;

    struct region {
        std::byte* begin = nullptr;
        std::size_t size = 0;
    };

    [[nodiscard]] region take_spare(std::size_t least);
    [[nodiscard]] std::size_t least_spare();
    [[nodiscard]] std::vector<region> remove_oldest(std::size_t least);
    void give_back(region which) noexcept;

    mutable std::mutex mutex_;
    std::vector<region> spare_; ///< the longest unused first
    std::size_t spare_bytes_ = 0;
    std::size_t least_spare_ = 0; ///< bytes, since the last shed_unused()
    std::size_t out_bytes_ = 0;
};

} // namespace kyc::fs
