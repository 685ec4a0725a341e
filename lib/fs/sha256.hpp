#pragma once
// SHA-256 as the text that manifests, result.json and the ledger write, so that nobody else meets the EVP interface.

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace kyc::fs {

/// The hash of these bytes: 64 lower-case hex digits.
[[nodiscard]] std::string sha256_hex(std::span<const std::byte> bytes);

/// The same of bytes that come in pieces. One thread at a time; movable. Throws std::runtime_error when libcrypto
/// refuses SHA-256, which no machine does that can run kycd.
class sha256_stream {
  public:
    sha256_stream();
    sha256_stream(sha256_stream&&) noexcept;
    sha256_stream& operator=(sha256_stream&&) noexcept;
    ~sha256_stream();

    void update(std::span<const std::byte> bytes);

    /// 64 lower-case hex digits of everything so far; afterwards the stream is as new.
    [[nodiscard]] std::string finish();

  private:
    struct digest;
    std::unique_ptr<digest> digest_;
};

} // namespace kyc::fs
