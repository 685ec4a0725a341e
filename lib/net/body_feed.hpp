#pragma once
// A request as a row of pieces that each fill a TLS record.

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace kyc::net {

/// Large buffers are handed out where they lie. Only what is smaller than a record is copied together: the head with
/// the first bytes of the body, and the part headers between two files. Each piece becomes a record,
/// so this is what keeps small buffers from becoming small records.
class body_feed {
  public:
    /// What goes into a TLS record: with header, tag and nonce (at most 29 bytes, RFC 5288 and RFC 8446, 5.2) that is
    /// at most 16 KiB, so that some of them fill memory that is handed out in such sizes.
    static constexpr std::size_t record = 16 * 1024 - 32;

    /// Where small buffers are copied together. Its owner need not keep it from one piece to the next: requests on
    /// their way are many, and take no room of their own.
    class room {
      public:
        room() = default;

        /// Wipes what was copied: a head carries the token.
        ~room();
        room(const room&) = delete;
        room& operator=(const room&) = delete;

      private:
        friend class body_feed;

        std::size_t touched_ = 0; ///< bytes that were ever used
        std::array<char, record> bytes_;
    };

    /// Head and body must outlive the feed.
    body_feed(std::string_view head, const std::vector<boost::asio::const_buffer>& body);

    /// The next piece, at most a record; empty at the end. Valid until the next call, and as long as the room.
    [[nodiscard]] boost::asio::const_buffer next(room& into);

  private:
    [[nodiscard]] bool step();

    const std::vector<boost::asio::const_buffer>& body_;
    std::size_t index_ = 0;             ///< of the buffer after current_
    boost::asio::const_buffer current_; ///< what is left of the head or of a body buffer
};

} // namespace kyc::net
