#include "text/html_page.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;

BOOST_AUTO_TEST_SUITE(html_page_suite)

BOOST_AUTO_TEST_CASE(a_text_is_no_markup_wherever_it_stands) {
    const std::string evil = "<b a=\"x\">&\n\xE2\x80\xAE\xFF";
    const std::string safe = "&lt;b a=&quot;x&quot;&gt;&amp;\\x0a\\xe2\\x80\\xae\\xff";
    BOOST_TEST(html_escaped(evil) == safe);
    html_page page(evil);
    page.paragraph(evil);
    page.heading(evil);
    page.contents({{evil, evil}});
    page.begin_facts();
    page.fact(evil, evil);
    page.end_facts();
    page.begin_table(evil, {evil, evil});
    page.begin_row(evil);
    page.cell(evil);
    page.words(evil);
    page.lines({evil, evil});
    page.end_row();
    page.row({evil, evil});
    page.end_table();
    const auto text = std::move(page).finish();
    BOOST_TEST(text.find("<b") == text.find("<body>"));
    BOOST_TEST(text.find("\xE2\x80\xAE") == std::string::npos);
    std::size_t told = 0;
    for (auto at = text.find(safe); at != std::string::npos; at = text.find(safe, at + 1))
        ++told;
    // Title and h1, p, h2, a link to where, dt and dd, label, caption, two heads, five in the row, two after it.
    BOOST_TEST(told == 19u);
}

BOOST_AUTO_TEST_SUITE_END()
