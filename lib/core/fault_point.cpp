#include "core/fault_point.hpp"

namespace kyc {

// In an archive: a program that brings a definition of its own never links this one.
void fault_point(const char*, std::string_view) noexcept {}

} // namespace kyc
