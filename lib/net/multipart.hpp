#pragma once
// multipart/form-data (RFC 7578) out of buffers: the files' bytes are referred to, not copied.

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::net {

/// A form being put together. File bytes must outlive it; everything else is its own.
class multipart_form {
  public:
    /// `boundary` at most 70 characters of RFC 2046's bcharsnospace; it must not occur in any file (random_boundary()
    /// gives 128 random bits).
    explicit multipart_form(std::string boundary);

    multipart_form(const multipart_form&) = delete;
    multipart_form& operator=(const multipart_form&) = delete;

    /// Names and file names are quoted; a part whose headers would reach 1024 bytes is a std::length_error.
    void add_text(std::string_view name, std::string_view value);
    void add_file(std::string_view name, std::string_view filename, std::string_view content_type,
                  std::span<const std::byte> bytes);

    /// "multipart/form-data; boundary=…"
    [[nodiscard]] std::string content_type() const;

    /// The body, closing delimiter included. Valid while the form and the files live and nothing more is added.
    [[nodiscard]] std::vector<boost::asio::const_buffer> buffers() const;

    /// The sum of the buffers' sizes.
    [[nodiscard]] std::uint64_t size() const;

  private:
    [[nodiscard]] std::string part_head(std::string_view headers) const;

    std::string boundary_;
    std::string closing_;           ///< the last delimiter
    std::deque<std::string> texts_; ///< heads and text parts; a deque, because buffers point into it
    std::vector<boost::asio::const_buffer> parts_;
};

/// 128 random bits, as OpenSSL's generator gives them. std::runtime_error if it has none. Any thread.
[[nodiscard]] std::string random_boundary();

} // namespace kyc::net
