#include "life/twins.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;

namespace {

using form = std::vector<std::pair<std::string, std::string>>;

file_facts image(const std::string& field, char seed) {
    file_facts file;
    file.field = field;
    file.sha256 = std::string(64, seed);
    return file;
}

service face() {
    service made;
    made.name = "authenticate_face";
    made.extend_data = true;
    return made;
}

std::string print(const service& target, const form& fields, bool extended, const std::vector<file_facts>& images) {
    return fingerprint_of("spool", target, fields, extended, images);
}

} // namespace

BOOST_AUTO_TEST_SUITE(twins_suite)

BOOST_AUTO_TEST_CASE(what_is_sent_decides_and_nothing_else) {
    const form fields{{"uuid", "1"}, {"more", "2"}};
    const auto base = print(face(), fields, false, {image("image", 'a')});
    BOOST_TEST(base.size() == 64u);
    auto renamed = image("image", 'a');
    renamed.name = "another name.jpg";
    BOOST_TEST(print(face(), {{"more", "2"}, {"uuid", "1"}}, false, {renamed}) == base);

    auto other_service = face();
    other_service.name = "face_liveness";
    BOOST_TEST(print(other_service, fields, false, {image("image", 'a')}) != base);
    BOOST_TEST(print(face(), fields, true, {image("image", 'a')}) != base);
    BOOST_TEST(print(face(), fields, false, {image("image", 'b')}) != base);
    BOOST_TEST(print(face(), fields, false, {image("selfie_image", 'a')}) != base);
    BOOST_TEST(print(face(), {{"uuid", "1"}}, false, {image("image", 'a')}) != base);
    BOOST_TEST(print(face(), {{"uuid", "12"}, {"more", ""}}, false, {image("image", 'a')}) != base);
    BOOST_TEST(fingerprint_of("another spool", face(), fields, false, {image("image", 'a')}) != base);
}

BOOST_AUTO_TEST_CASE(extend_data_counts_only_where_it_is_sent) {
    auto target = face();
    target.extend_data = false;
    BOOST_TEST(print(target, {}, false, {}) == print(target, {}, true, {}));
}

BOOST_AUTO_TEST_SUITE_END()
