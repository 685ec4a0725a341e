#include "text/csv_write.hpp"

#include <csv.h>

namespace kyc {

void write_csv_row(std::FILE* into, const std::vector<std::string>& cells, char delimiter) {
    bool first = true;
    for (const auto& cell : cells) {
        if (!first) std::fputc(delimiter, into);
        first = false;
        csv_fwrite(into, cell.data(), cell.size());
    }
    std::fputs("\r\n", into);
}

} // namespace kyc
