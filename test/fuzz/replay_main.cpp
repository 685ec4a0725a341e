// Runs a fuzz target over kept inputs, for the compilers that have no libFuzzer.

#include "fuzz.hpp"

#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

void replay(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) throw std::runtime_error(file.string() + " cannot be read");
    std::cout << file.string() << std::endl; // flushed: the last line names the input that ended the program
    // An exact copy, so that a sanitizer sees a read past its end.
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    static_cast<void>(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()));
}

} // namespace

int main(int count, char** arguments) try {
    std::size_t replayed = 0;
    for (int i = 1; i < count; ++i) {
        if (!std::filesystem::is_directory(arguments[i])) {
            replay(arguments[i]);
            ++replayed;
            continue;
        }
        for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) {
            replay(entry.path());
            ++replayed;
        }
    }
    std::cout << replayed << " inputs" << std::endl;
    return replayed > 0 ? 0 : 1; // no input tests nothing

} catch (const std::exception& error) {

    std::cerr << "fuzz replay: " << error.what() << '\n';
    return 1;
}
