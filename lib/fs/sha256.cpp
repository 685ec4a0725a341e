#include "fs/sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace kyc::fs {

namespace {

struct context_deleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

void require(int outcome) {
    if (outcome != 1) throw std::runtime_error("libcrypto refuses SHA-256");
}

} // namespace

struct sha256_stream::digest {
    std::unique_ptr<EVP_MD_CTX, context_deleter> context{EVP_MD_CTX_new()};

    void start() { require(context ? EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) : 0); }
};

sha256_stream::sha256_stream() : digest_(std::make_unique<digest>()) {
    digest_->start();
}

sha256_stream::sha256_stream(sha256_stream&&) noexcept = default;
sha256_stream& sha256_stream::operator=(sha256_stream&&) noexcept = default;
sha256_stream::~sha256_stream() = default;

void sha256_stream::update(std::span<const std::byte> bytes) {
    require(EVP_DigestUpdate(digest_->context.get(), bytes.data(), bytes.size()));
}

std::string sha256_stream::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    require(EVP_DigestFinal_ex(digest_->context.get(), hash.data(), &size));
    digest_->start();

    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * size);
    for (unsigned i = 0; i < size; ++i) {
        text += digits[hash[i] >> 4];
        text += digits[hash[i] & 15];
    }
    return text;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
    sha256_stream stream;
    stream.update(bytes);
    return stream.finish();
}

} // namespace kyc::fs
