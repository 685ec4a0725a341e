#include "net/body_feed.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace kyc::net {
namespace {

struct fed {
    std::string text;
    std::vector<std::size_t> pieces;
    std::size_t in_place = 0; ///< bytes that were handed out where they lie
};

fed feed_all(std::string_view head, const std::vector<std::string>& body) {
    std::vector<boost::asio::const_buffer> buffers;
    buffers.reserve(body.size());
    for (const auto& part : body)
        buffers.emplace_back(part.data(), part.size());
    body_feed feed(head, buffers);
    fed got;
    for (;;) {
        body_feed::room room; // nothing of a piece is needed for the next one
        const auto piece = feed.next(room);
        if (piece.size() == 0) return got;
        const auto* data = static_cast<const char*>(piece.data());
        got.text.append(data, piece.size());
        got.pieces.push_back(piece.size());
        for (const auto& part : body)
            if (data >= part.data() && data < part.data() + part.size()) got.in_place += piece.size();
    }
}

BOOST_AUTO_TEST_SUITE(body_feeding)

BOOST_AUTO_TEST_CASE(a_small_request_is_one_piece) {
    const auto got = feed_all("head", {"a", "", "b", "c"});
    BOOST_TEST(got.text == "headabc");
    BOOST_TEST(got.pieces == std::vector<std::size_t>{7}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_head_without_a_body_is_one_piece) {
    BOOST_TEST(feed_all("head", {}).pieces.size() == 1u);
    BOOST_TEST(feed_all("head", {"", ""}).text == "head");
    BOOST_TEST(feed_all("", {}).pieces.empty());
}

BOOST_AUTO_TEST_CASE(every_piece_but_the_last_fills_a_record_and_files_are_not_copied) {
    std::string image(1'000'000, '\0');
    for (std::size_t i = 0; i < image.size(); ++i)
        image[i] = static_cast<char>(i * 31 + i / 251);
    const std::vector<std::string> body{"--b\r\n", image, "\r\n--b\r\n", image, "\r\n--b--\r\n"};
    const auto got = feed_all("head\r\n\r\n", body);
    std::string expected = "head\r\n\r\n";
    for (const auto& part : body)
        expected += part;
    BOOST_TEST((got.text == expected));
    for (std::size_t i = 0; i + 1 < got.pieces.size(); ++i)
        BOOST_TEST(got.pieces[i] == body_feed::record);
    BOOST_TEST(got.in_place > 2 * image.size() - 4 * body_feed::record);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace kyc::net
