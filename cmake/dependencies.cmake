# The libraries kycd stands on, all from Debian 12.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS SSL Crypto)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(spdlog REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(date 3.0 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)

# Asio compiled once instead of in each file that includes it.
add_library(kyc_asio STATIC ${PROJECT_SOURCE_DIR}/cmake/asio_impl.cpp)
target_link_libraries(kyc_asio PUBLIC kyc_options Boost::headers Threads::Threads)
target_compile_definitions(kyc_asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)

# Asio's TLS part and Beast, likewise.
add_library(kyc_beast STATIC ${PROJECT_SOURCE_DIR}/cmake/beast_impl.cpp)
target_link_libraries(kyc_beast PUBLIC kyc_asio OpenSSL::SSL OpenSSL::Crypto)
target_compile_definitions(kyc_beast PUBLIC BOOST_BEAST_SEPARATE_COMPILATION)

# libcsv brings neither a CMake nor a pkg-config file.
find_path(CSV_INCLUDE_DIR csv.h REQUIRED)
find_library(CSV_LIBRARY csv REQUIRED)
add_library(CSV::CSV UNKNOWN IMPORTED)
set_target_properties(CSV::CSV PROPERTIES
  IMPORTED_LOCATION ${CSV_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${CSV_INCLUDE_DIR})
