#include "reverify/ticket_kinds.hpp"

#include "core/case_name.hpp"
#include "core/nearest_word.hpp"
#include "core/units.hpp"

#include <algorithm>
#include <charconv>

namespace kyc::reverify {

namespace {

using yaml::refuse;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text, std::size_t most) {
    return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), is_digit);
}

std::string join(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

} // namespace

std::optional<double> share_from_percent(std::string_view percent) {
    const auto point = percent.find('.');
    const auto whole = percent.substr(0, point);
    const auto fraction = point == std::string_view::npos ? "0" : percent.substr(point + 1);
    if (!all_digits(whole, 3) || !all_digits(fraction, most_share_digits)) return std::nullopt;
    double value = 0;
    std::from_chars(percent.data(), percent.data() + percent.size(), value);
    return value / 100;
}

yaml::kind<quantity> number_or_share(std::uint64_t least, std::uint64_t most, share_rule shares) {
    return [=](const yaml::scalar& from) -> yaml::parsed<quantity> {
        const auto allowed = "; allowed: " + std::to_string(least) + " to " + std::to_string(most) +
                             (shares == share_rule::of_a_draw ? ", or a share such as 5%" : ", or 0% to 100%");
        quantity read;
        if (from.text.ends_with('%')) {
            auto digits = from.text.substr(0, from.text.size() - 1);
            if (digits.ends_with(' ')) digits.remove_suffix(1); // "5 %"
            read.share = share_from_percent(digits);
            const bool nothing = shares == share_rule::of_a_draw && read.share == 0.0;
            if (!read.share || *read.share > 1 || nothing)
                return refuse(quote_text(from.text) + " is no share of what there is" + allowed);
            return read;
        }
        const auto number = yaml::count(least, most)(from);
        if (!number) return refuse(quote_text(from.text) + " is no number that can be meant here" + allowed);
        read.count = *number;
        return read;
    };
}

yaml::kind<std::string> service_names(const service_table& services) {
    return [&services](const yaml::scalar& from) -> yaml::parsed<std::string> {
        if (const auto* known = services.find(from.text)) return known->name;
        auto why = quote_text(from.text) + " is no service";
        if (const auto near = nearest_word(from.text, services.folders()))
            return refuse(why + "; did you mean '" + *near + "'?");
        return refuse(why + "; known are: " + join(services.folders()));
    };
}

yaml::parsed<std::string> verdict_words(const yaml::scalar& from) {
    static const std::vector<std::string> known{"pass", "fail", "inconclusive"};
    if (std::find(known.begin(), known.end(), from.text) != known.end()) return std::string(from.text);
    const auto near = nearest_word(from.text, known);
    return refuse(quote_text(from.text) + " is no verdict" +
                  (near ? "; did you mean '" + *near + "'?" : "; allowed: " + join(known)));
}

std::optional<std::string> name_objection(std::string_view name) {
    constexpr std::size_t longest = 400; // a pattern may be twice as long as the longest name
    if (name.empty()) return "an empty name is no case's";
    if (name.size() > longest) return "a name of " + std::to_string(name.size()) + " bytes is no case's";
    if (name.find('/') != std::string_view::npos)
        return quote_text(name) + " holds a '/', which no case's name does; the service is chosen by 'service'";
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(name.begin(), name.end(), is_control))
        return quote_text(name) + " holds a control character, which no case's name does";
    return std::nullopt;
}

yaml::parsed<std::string> case_names(const yaml::scalar& from) {
    if (auto why = name_objection(from.text)) return refuse(std::move(*why));
    return std::string(from.text);
}

yaml::parsed<std::string> plain_case_name(const yaml::scalar& from) {
    if (auto why = name_objection(from.text)) return refuse(std::move(*why));
    if (const auto why = case_name_objection(from.text))
        return refuse(quote_text(from.text) + " is no case's name: " + *why);
    return std::string(from.text);
}

yaml::parsed<utc_time> moment(const yaml::scalar& from) {
    if (const auto time = from_written_time(from.text)) return *time;
    return refuse(quote_text(from.text) + " is no time; write e.g. 2026-11-20 or 2026-11-20T01:02Z, in UTC");
}

yaml::parsed<time_window> window(const yaml::scalar& from) {
    auto read = time_window::parse(from.text);
    if (!read) return refuse(read.error());
    return std::move(*read);
}

yaml::parsed<std::string> file_beside(const yaml::scalar& from) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    const auto text = from.text;
    if (text.empty() || text.size() > 255 || text.starts_with('.') || text.find('/') != std::string_view::npos ||
        std::any_of(text.begin(), text.end(), is_control))
        return refuse(quote_text(text) + " is not the name of a file beside the ticket; put the CSV into the same "
                                         "folder and write its name alone, e.g. customers.csv");
    return std::string(text);
}

yaml::parsed<std::string> csv_column(const yaml::scalar& from) {
    if (from.text.empty()) return refuse("must name a column of the CSV's first row");
    return std::string(from.text);
}

yaml::parsed<std::string> label_value(const yaml::scalar& from) {
    return std::string(from.text);
}

} // namespace kyc::reverify
