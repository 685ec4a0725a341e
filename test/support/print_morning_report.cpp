// Writes the morning report of each made-up ticket into a folder, as FOLDER/KIND.{json,csv,html}.

#include "support/morning_rows.hpp"

#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <utility>

int main(int count, char** arguments) {
    if (count != 2) {
        std::cerr << "usage: print-morning-report FOLDER\n";
        return 64;
    }
    try {
        const std::filesystem::path folder(arguments[1]);
        for (const auto& kind : kyc::reverify::made_up_kinds()) {
            const auto texts = kyc::reverify::write_reports(kyc::reverify::make_up(kind));
            for (const auto& [ending, text] :
                 {std::pair(".json", &texts.json), {".csv", &texts.csv}, {".html", &texts.html}}) {
                std::ofstream file(folder / (kind + ending), std::ios::binary);
                file << *text;
                if (!file.flush()) throw std::runtime_error("cannot write " + kind + ending);
            }
        }
    } catch (const std::exception& wrong) {
        std::cerr << "print-morning-report: " << wrong.what() << '\n';
        return 1;
    }
    return 0;
}
