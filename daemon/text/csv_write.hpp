#pragma once
// CSV as RFC 4180 has it, for whoever writes a file of it.

#include <cstdio>
#include <string>
#include <vector>

namespace kyc {

/// A row with its CRLF, every cell in quotes. The cells go out as they are: who writes for spreadsheets takes the sting
/// out of formulas before. What went wrong is in ferror(3).
void write_csv_row(std::FILE* into, const std::vector<std::string>& cells, char delimiter = ',');

} // namespace kyc
