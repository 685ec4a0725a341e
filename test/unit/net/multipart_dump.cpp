// Writes a form with everything unpleasant in it, for another program to take apart (multipart_roundtrip.py).
#include "net/multipart.hpp"

#include <fstream>
#include <iostream>

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "usage: test_multipart_dump FOLDER\n";
        return 64;
    }
    const std::string folder = arguments[1];
    const std::string boundary = kyc::net::random_boundary();
    std::string all_bytes;
    for (int i = 0; i < 300'000; ++i)
        all_bytes.push_back(static_cast<char>(i * 7 + i / 256));
    const std::string like_a_boundary =
        "\r\n--" + boundary.substr(0, boundary.size() - 1) + "\r\n--\r\n\r\n--kycd-\r\n";
    const std::string ends_with_breaks = "JPEG\r\n\r\n";

    kyc::net::multipart_form form(boundary);
    const auto add = [&](std::string_view name, std::string_view filename, std::string_view type,
                         const std::string& bytes) {
        form.add_file(name, filename, type, std::as_bytes(std::span(bytes.data(), bytes.size())));
    };
    add("selfie_image", "selfie_image.jpg", "image/jpeg", all_bytes);
    form.add_text("extend_data", "true");
    add("front_id", "fr\"ont\r\n.png", "image/png", like_a_boundary);
    add("back_id",
        "r\xc3\xbc"
        "ck;seite=\".png",
        "image/png", ends_with_breaks);
    form.add_text("fullname", "  \xc3\x84nne \xe6\x9d\x8e \"O'Neil\"\r\nline two ");
    form.add_text("n\xc3\xa4me \"q\"", "");

    std::ofstream body(folder + "/body", std::ios::binary);
    for (const auto& buffer : form.buffers())
        body.write(static_cast<const char*>(buffer.data()), static_cast<std::streamsize>(buffer.size()));
    std::ofstream(folder + "/content_type") << form.content_type();
    std::ofstream(folder + "/size") << form.size();
    for (const auto& [name, bytes] : {std::pair<const char*, const std::string&>("selfie_image", all_bytes),
                                      {"front_id", like_a_boundary},
                                      {"back_id", ends_with_breaks}})
        std::ofstream(folder + "/" + name, std::ios::binary) << bytes;
    return body.flush() ? 0 : 1;
}
