// Every cut is refused; every other damage is refused or not, but never more than that. The sanitizer builds of this
// test are where a wild read or write would show.

#include "image/content_kind.hpp"
#include "image/decode.hpp"
#include "image/gate.hpp"
#include "pictures.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using kyc::failure_code;
using kyc::image::check_image;
using kyc::test::bytes;

namespace {

struct sample_file {
    std::string_view name;
    bytes file;
    bool has_checksums;
};

std::vector<sample_file> samples() {
    std::vector<sample_file> made;
    made.push_back({"baseline JPEG", kyc::test::make_jpeg({.quality = 10}), false});
    made.push_back({"progressive JPEG", kyc::test::make_jpeg({.progressive = true, .quality = 10}), false});
    made.push_back({"arithmetic JPEG", kyc::test::make_jpeg({.arithmetic = true, .quality = 10}), false});
    made.push_back({"PNG", kyc::test::make_png({.colour = 0, .depth = 1}), true});
    made.push_back({"interlaced PNG", kyc::test::make_png({.colour = 3, .depth = 2, .interlaced = true}), true});
    return made;
}

bool expected_code(failure_code code) {
    switch (code) {
    case failure_code::not_an_image:
    case failure_code::image_damaged:
    case failure_code::image_too_small:
    case failure_code::image_too_large:
    case failure_code::file_too_large:
        return true;
    default:
        return false;
    }
}

/// A few bytes flipped, overwritten, dropped, doubled, as lines and disks do it.
void damage(bytes& file, std::mt19937& random) {
    const auto any = [&random](std::size_t below) { return static_cast<std::size_t>(random() % below); };
    const std::size_t count = 1 + any(4);
    for (std::size_t i = 0; i < count; ++i) {
        // Headers are where the interesting numbers stand: half of the hits go there.
        const auto at = any(any(2) == 0 ? std::min<std::size_t>(file.size(), 700) : file.size());
        const auto place = file.begin() + static_cast<std::ptrdiff_t>(at);
        switch (any(4)) {
        case 0:
            *place ^= static_cast<std::byte>(1U << any(8));
            break;
        case 1:
            *place = static_cast<std::byte>(random());
            break;
        case 2:
            file.erase(place,
                       place + static_cast<std::ptrdiff_t>(std::min<std::size_t>(1 + any(64), file.size() - at)));
            break;
        default:
            const bytes piece(
                place, place + static_cast<std::ptrdiff_t>(std::min<std::size_t>(1 + any(64), file.size() - at)));
            file.insert(place, piece.begin(), piece.end());
        }
        if (file.empty()) return;
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(damage_to_pictures)

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
    for (const auto& sample : samples()) {
        BOOST_TEST_REQUIRE(check_image(sample.file).has_value());
        const auto size = sample.file.size();
        // Each length near both ends, where the structure is, and a few hundred between.
        std::size_t accepted = 0;
        std::size_t tried = 0;
        const std::size_t step = std::max<std::size_t>(1, size / 300);
        for (std::size_t length = 0; length < size; length += (length < 200 || length + 200 >= size) ? 1 : step) {
            const auto checked = check_image(std::span{sample.file}.first(length));
            if (checked.has_value()) ++accepted;
            ++tried;
        }
        BOOST_TEST_CONTEXT(sample.name) {
            BOOST_TEST(accepted == 0U);
            BOOST_TEST(tried > 500U);
        }
    }
}

BOOST_AUTO_TEST_CASE(random_damage_is_judged_without_harm) {
    std::mt19937 random{20261120}; // fixed: the same files in each run
    for (const auto& sample : samples()) {
        std::size_t refused = 0;
        constexpr std::size_t rounds = 800;
        for (std::size_t i = 0; i < rounds; ++i) {
            auto file = sample.file;
            damage(file, random);
            const auto checked = check_image(file);
            if (checked.has_value()) continue;
            ++refused;
            BOOST_TEST_REQUIRE(expected_code(checked.error().code));
            BOOST_TEST_REQUIRE(!checked.error().finding.empty());
            BOOST_TEST_REQUIRE(!checked.error().rule.empty());
        }
        BOOST_TEST_CONTEXT(sample.name) {
            // A checksum stands over all of a PNG; in a JPEG a wrong bit can be a slightly different picture.
            BOOST_TEST(refused > (sample.has_checksums ? rounds * 9 / 10 : rounds / 3));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_quick_reader_of_jpegs_judges_as_libjpeg_does) {
    std::mt19937 random{20261121};
    std::vector<bytes> files;
    for (const int channels : {1, 3, 4})
        for (const unsigned restart_interval : {0U, 7U})
            for (const bool fitted : {false, true})
                files.push_back(kyc::test::make_jpeg({.channels = channels,
                                                      .quality = fitted ? 95 : 10,
                                                      .restart_interval = restart_interval,
                                                      .every_colour_pixel = fitted,
                                                      .fitted_codes = fitted}));
    for (const bool fitted : {false, true}) // long enough to be walked in several lanes
        files.push_back(kyc::test::make_jpeg({.width = 900, .height = 700, .quality = 95, .fitted_codes = fitted}));
    std::size_t walked = 0;
    for (const auto& whole : files) {
        for (std::size_t i = 0; i < 100; ++i) {
            auto file = whole;
            damage(file, random);
            if (kyc::image::guess_content(file).kind != kyc::image::content_kind::jpeg) continue;
            const auto quick = kyc::image::decode_jpeg(file);
            const auto full = kyc::image::decode_jpeg_fully(file);
            BOOST_TEST_REQUIRE((quick.end == full.end));
            BOOST_TEST_REQUIRE(quick.reason == full.reason);
            if (quick.walked) ++walked;
        }
    }
    BOOST_TEST(walked > 0U); // a wrong bit can be a slightly different picture
}

BOOST_AUTO_TEST_CASE(random_bytes_behind_a_good_start_are_judged_without_harm) {
    std::mt19937 random{7};
    for (const auto& sample : samples())
        for (std::size_t i = 0; i < 200; ++i) {
            auto file = sample.file;
            file.resize(1 + random() % 1000);
            for (int more = 0; more < 2000; ++more)
                file.push_back(static_cast<std::byte>(random()));
            const auto checked = check_image(file);
            if (checked.has_error()) BOOST_TEST_REQUIRE(expected_code(checked.error().code));
        }
}

BOOST_AUTO_TEST_SUITE_END()
