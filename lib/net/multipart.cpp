#include "net/multipart.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace kyc::net {
namespace {

// Django gives up on a part whose header block reaches this size.
constexpr std::size_t header_limit = 1024;

bool may_stand_in_boundary(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("'()+_,-./:=?").find(c) != std::string_view::npos;
}

// What browsers do (WHATWG HTML, "multipart form data"): three characters are percent-encoded, all else goes as UTF-8.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
        case '"':
            out += "%22";
            break;
        case '\r':
            out += "%0D";
            break;
        case '\n':
            out += "%0A";
            break;
        default:
            out += c;
        }
    }
    return out += '"';
}

} // namespace

multipart_form::multipart_form(std::string boundary) : boundary_(std::move(boundary)) {
    if (boundary_.empty() || boundary_.size() > 70 || !std::ranges::all_of(boundary_, may_stand_in_boundary))
        throw std::logic_error("a multipart boundary is 1 to 70 letters, digits or '()+_,-./:=?");
    closing_ = "\r\n--" + boundary_ + "--\r\n";
}

std::string multipart_form::part_head(std::string_view headers) const {
    if (headers.size() >= header_limit) throw std::length_error("the headers of a multipart part reach 1024 bytes");
    std::string head = texts_.empty() ? "--" : "\r\n--";
    return head.append(boundary_).append("\r\n").append(headers).append("\r\n");
}

void multipart_form::add_text(std::string_view name, std::string_view value) {
    auto text = part_head("Content-Disposition: form-data; name=" + quoted(name) + "\r\n").append(value);
    const auto& kept = texts_.emplace_back(std::move(text));
    parts_.emplace_back(boost::asio::buffer(kept));
}

void multipart_form::add_file(std::string_view name, std::string_view filename, std::string_view content_type,
                              std::span<const std::byte> bytes) {
    if (content_type.find_first_of("\r\n") != content_type.npos)
        throw std::logic_error("a line break in the content type of a multipart part");
    std::string headers = "Content-Disposition: form-data; name=" + quoted(name) + "; filename=" + quoted(filename);
    headers.append("\r\nContent-Type: ").append(content_type).append("\r\n");
    const auto& kept = texts_.emplace_back(part_head(headers));
    parts_.emplace_back(boost::asio::buffer(kept));
    parts_.emplace_back(bytes.data(), bytes.size());
}

std::string multipart_form::content_type() const {
    // In quotes, because a boundary may have characters that are no token; without them a strict reader stops there.
    const bool token = boundary_.find_first_of("()/:=?,") == boundary_.npos;
    return "multipart/form-data; boundary=" + (token ? boundary_ : '"' + boundary_ + '"');
}

std::vector<boost::asio::const_buffer> multipart_form::buffers() const {
    auto all = parts_;
    // The line break before the delimiter belongs to the last part; without parts there is none.
    all.emplace_back(boost::asio::buffer(closing_) + (parts_.empty() ? 2 : 0));
    return all;
}

std::uint64_t multipart_form::size() const {
    return boost::asio::buffer_size(buffers());
}

// Not from std::random_device: each number of it is an instruction that waits for the processor's noise source, 20 us
// and more on a virtual machine, on the loop and for every upload.
std::string random_boundary() {
    static constexpr char digits[] = "0123456789abcdef";
    std::array<unsigned char, 16> random{};
    if (::RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
        throw std::runtime_error("OpenSSL has no random bytes for a boundary");
    std::string boundary = "kycd-";
    for (const unsigned byte : random) {
        boundary.push_back(digits[byte >> 4U]);
        boundary.push_back(digits[byte & 15U]);
    }
    return boundary;
}

} // namespace kyc::net
