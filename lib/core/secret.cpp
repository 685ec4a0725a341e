#include "core/secret.hpp"

#include <cstring>
#include <utility>

namespace kyc {

secret::secret(std::string value) : value_(std::move(value)) {
    wipe(value);
}

secret::secret(secret&& other) noexcept : value_(std::move(other.value_)) {
    // A short string is copied by its move, and the bytes stay behind in the source.
    wipe(other.value_);
}

secret& secret::operator=(const secret& other) {
    if (this == &other) return *this;
    secret copy(other);
    return *this = std::move(copy);
}

secret& secret::operator=(secret&& other) noexcept {
    if (this == &other) return *this;
    wipe(value_);
    value_ = std::move(other.value_);
    wipe(other.value_);
    return *this;
}

secret::~secret() {
    wipe(value_);
}

void secret::wipe(std::string& bytes) noexcept {
    // Up to the capacity, not the size: a moved-from or shortened string still holds what it held. Growing to the
    // capacity does not allocate.
    bytes.resize(bytes.capacity());
    explicit_bzero(bytes.data(), bytes.size());
    bytes.clear();
}

} // namespace kyc
