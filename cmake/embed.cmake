# Writes a C++ source that holds the files of the status page, so that the program needs none beside it.
#   cmake -DOUT=page_files.cpp -DFOLDER=lib/admin/page "-DFILES=index.html page.css page.js" -P embed.cmake
# Run by lib/admin/CMakeLists.txt at each build in which one of the files has changed.

string(REPLACE " " ";" names "${FILES}")
set(kinds_html "text/html; charset=utf-8")
set(kinds_css "text/css; charset=utf-8")
set(kinds_js "text/javascript; charset=utf-8")

set(arrays "")
set(entries "")
foreach(name IN LISTS names)
  get_filename_component(kind "${name}" EXT)
  string(SUBSTRING "${kind}" 1 -1 kind)
  if(NOT DEFINED kinds_${kind})
    message(FATAL_ERROR "${name}: no content type is known for .${kind}; add it to cmake/embed.cmake")
  endif()
  set(path "/${name}")
  if(name STREQUAL "index.html")
    set(path "/")
  endif()
  string(MAKE_C_IDENTIFIER "${name}" symbol)
  file(READ "${FOLDER}/${name}" bytes HEX)
  file(SHA256 "${FOLDER}/${name}" hash)
  string(SUBSTRING "${hash}" 0 32 hash)
  # Arrays rather than string literals, whose length compilers limit.
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND arrays "constexpr char ${symbol}[] = {${bytes}'\\0'};\n")
  string(APPEND entries "    {\"${path}\", \"${kinds_${kind}}\", {${symbol}, sizeof ${symbol} - 1}, \"\\\"${hash}\\\"\"},\n")
endforeach()

file(WRITE "${OUT}.new" "// Made by cmake/embed.cmake from ${FILES}.
#include \"admin/page_files.hpp\"

namespace kyc::admin {

namespace {

${arrays}
constexpr page_file files[] = {
${entries}};

} // namespace

std::span<const page_file> page_files() {
    return files;
}

} // namespace kyc::admin
")
file(RENAME "${OUT}.new" "${OUT}")
