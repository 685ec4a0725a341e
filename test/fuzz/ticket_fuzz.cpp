// A re-verification ticket, with a CSV behind the first byte 1: a value that reads back as itself, or errors that can
// be shown.

#include "fuzz.hpp"
#include "reverify/ticket_yaml.hpp"

using kyc::fuzz::require;

namespace {

void check_ticket(const kyc::ticket& one, const kyc::service_table& services,
                  const kyc::reverify::read_beside& beside) {
    for (const auto& name : one.which.services)
        require(services.find(name) != nullptr && services.find(name)->name == name, "a service is one", name);
    for (const auto& name : one.which.names)
        require(!name.empty() && name.find('/') == std::string::npos, "a name can be one", name);
    if (one.which.sample)
        require(one.which.sample->share >= 0 && one.which.sample->share <= 1, "a sample is a part of the whole");
    if (one.stop_if_failed && one.stop_if_failed->share)
        require(*one.stop_if_failed->share >= 0 && *one.stop_if_failed->share <= 1, "a bound is a part of the whole");
    require(one.rate >= 0 && one.rate <= 1'000'000, "a rate is in range");

    const auto text = kyc::reverify::ticket_text(one);
    const auto again = kyc::reverify::parse_ticket(one.name, "t.yaml", text, services, beside);
    require(again.has_value(), "what is written can be read", text);
    require(kyc::reverify::ticket_text(*again) == text, "and is the same", text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const kyc::service_table services;
    auto input = kyc::fuzz::text_of(data, size);
    const auto text = kyc::fuzz::take_until(input, "\x01");
    const auto beside = [csv = std::string(input)](const std::string&) -> kyc::result<std::string> { return csv; };
    const auto read = kyc::reverify::parse_ticket("t", "t.yaml", text, services, beside);
    if (read) {
        check_ticket(*read, services, beside);
        return 0;
    }
    require(!read.error().empty(), "a refusal has a reason");
    for (const auto& error : read.error()) {
        const auto said = to_string(error);
        require(kyc::fuzz::is_one_line(said), "an error is one line", said);
        require(said.size() <= 4096, "an error can be read", said);
    }
    return 0;
}
