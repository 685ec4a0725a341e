#include "fs/random_id.hpp"

#include <array>
#include <cerrno>
#include <sys/random.h>

namespace kyc::fs {

result<std::string> random_id() {
    std::array<unsigned char, 16> random{};
    if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
        return last_fault(errno, "draw a random name");
    std::string id;
    for (const unsigned value : random) {
        id += "0123456789abcdef"[value >> 4];
        id += "0123456789abcdef"[value & 15];
    }
    return id;
}

} // namespace kyc::fs
