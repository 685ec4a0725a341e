#include "core/secret.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

namespace {

constexpr auto short_text = "pa55word"; // lives inside the string object
const std::string long_text = "a password that is far too long to live inside the string object itself";

template<class T>
concept streamable = requires(std::ostream& out, const T& value) {
    out << value;
};

static_assert(!streamable<kyc::secret>);
static_assert(!std::is_convertible_v<kyc::secret, std::string>);
static_assert(!std::is_convertible_v<std::string, kyc::secret>);
static_assert(std::is_nothrow_move_constructible_v<kyc::secret> && std::is_nothrow_move_assignable_v<kyc::secret>);

} // namespace

BOOST_AUTO_TEST_SUITE(secret)

BOOST_AUTO_TEST_CASE(copies_and_moves_hold_the_same_bytes) {
    for (const auto& text : {std::string(short_text), long_text}) {
        kyc::secret first(text);
        const kyc::secret copy(first); // NOLINT: the copy is what is tested
        kyc::secret assigned;
        assigned = first;
        kyc::secret moved(std::move(first));
        kyc::secret moved_again(long_text);
        moved_again = std::move(moved);
        BOOST_TEST(copy.reveal() == text);
        BOOST_TEST(assigned.reveal() == text);
        BOOST_TEST(moved_again.reveal() == text);
    }
}

BOOST_AUTO_TEST_CASE(a_moved_from_secret_is_empty_and_its_bytes_are_gone) {
    kyc::secret from{std::string(short_text)};
    const auto* const bytes = from.reveal().data();
    const kyc::secret to(std::move(from));
    BOOST_TEST(from.empty()); // NOLINT: the state after the move is what is tested
    BOOST_TEST(std::string(bytes, std::strlen(short_text)) == std::string(std::strlen(short_text), '\0'));

    kyc::secret other{std::string(short_text)};
    const auto* const other_bytes = other.reveal().data();
    kyc::secret target{long_text};
    target = std::move(other);
    BOOST_TEST(other.empty()); // NOLINT
    BOOST_TEST(std::string(other_bytes, std::strlen(short_text)) == std::string(std::strlen(short_text), '\0'));
}

BOOST_AUTO_TEST_CASE(assigning_to_itself_keeps_the_bytes) {
    kyc::secret one(long_text);
    auto& same = one;
    one = same;
    BOOST_TEST(one.reveal() == long_text);
    one = std::move(same);
    BOOST_TEST(one.reveal() == long_text);
}

BOOST_AUTO_TEST_CASE(nothing_is_left_in_the_object_when_it_is_destroyed) {
    alignas(kyc::secret) unsigned char room[sizeof(kyc::secret)];
    auto* const living = new (room) kyc::secret(std::string(short_text));
    const auto holds_it = [&] {
        return std::string(reinterpret_cast<const char*>(room), sizeof room).find(short_text) != std::string::npos;
    };
    BOOST_TEST(holds_it());
    living->~secret();
    BOOST_TEST(!holds_it());
}

BOOST_AUTO_TEST_SUITE_END()
