#include "sandbox/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <stdexcept>

namespace kyc::sandbox {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1)
        throw std::runtime_error("no random bytes");
    return out;
}

std::string hyphenated(const std::string& digits) {
    return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-" + digits.substr(12, 4) + "-" + digits.substr(16, 4) +
           "-" + digits.substr(20);
}

} // namespace

std::string sha256_hex(std::string_view bytes) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out, &size, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 failed");
    return hex({reinterpret_cast<const char*>(out), size});
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out, &size) == nullptr)
        throw std::runtime_error("HMAC failed");
    return {reinterpret_cast<const char*>(out), size};
}

std::string base64url(std::string_view bytes) {
    std::string out;
    unsigned int pending = 0;
    int bits = 0;
    for (const char c : bytes) {
        pending = (pending << 8 | static_cast<unsigned char>(c)) & 0xffff;
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            out += alphabet[pending >> bits & 63];
        }
    }
    if (bits > 0) out += alphabet[pending << (6 - bits) & 63];
    return out;
}

std::string from_base64url(std::string_view text) {
    std::string out;
    unsigned int pending = 0;
    int bits = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos) return {};
        pending = (pending << 6 | static_cast<unsigned int>(value)) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>(pending >> bits & 0xff);
        }
    }
    return out;
}

std::string random_hex(std::size_t bytes) {
    return hex(random_bytes(bytes));
}

std::string random_uuid() {
    auto bytes = random_bytes(16);
    bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
    return hyphenated(hex(bytes));
}

std::string time_uuid(std::uint64_t hundred_ns_since_1970) {
    // The epoch of version 1 is the start of the Gregorian calendar.
    const std::uint64_t time = hundred_ns_since_1970 + 0x01b21dd213814000ULL;
    const auto sequence = random_bytes(2);
    std::string bytes(16, '\0');
    for (std::size_t i = 0; i < 4; ++i)
        bytes[i] = static_cast<char>(time >> (24 - 8 * i) & 0xff);
    bytes[4] = static_cast<char>(time >> 40 & 0xff);
    bytes[5] = static_cast<char>(time >> 32 & 0xff);
    bytes[6] = static_cast<char>((time >> 56 & 0x0f) | 0x10);
    bytes[7] = static_cast<char>(time >> 48 & 0xff);
    bytes[8] = static_cast<char>((sequence[0] & 0x3f) | 0x80);
    bytes[9] = sequence[1];
    bytes.replace(10, 6, std::string_view("\x02\x42\xac\x12\x00\x05", 6));
    return hyphenated(hex(bytes));
}

bool read_uuid(std::string_view text, std::string& canonical) {
    std::string rest(text);
    for (const std::string_view prefix : {"urn:", "uuid:"})
        for (auto at = rest.find(prefix); at != std::string::npos; at = rest.find(prefix))
            rest.erase(at, prefix.size());
    while (!rest.empty() && (rest.front() == '{' || rest.front() == '}'))
        rest.erase(0, 1);
    while (!rest.empty() && (rest.back() == '{' || rest.back() == '}'))
        rest.pop_back();
    std::string digits;
    for (const char c : rest) {
        if (c == '-') continue;
        if (c >= 'A' && c <= 'F')
            digits += static_cast<char>(c + 32);
        else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
            digits += c;
        else
            return false;
    }
    if (digits.size() != 32) return false;
    canonical = hyphenated(digits);
    return true;
}

} // namespace kyc::sandbox
