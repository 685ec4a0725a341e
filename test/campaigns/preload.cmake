# kycd-preload.so: see preload.hpp. Not for builds with a sanitizer, whose runtime must come first and interposes the same calls.
add_library(kycd-preload MODULE
  preload.cpp
  preload_clock.cpp
  preload_data.cpp
  preload_inject.cpp
  preload_names.cpp
  preload_trace.cpp)
set_target_properties(kycd-preload PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET default)
# The fortified headers define some of the functions that this library defines.
target_compile_options(kycd-preload PRIVATE -U_FORTIFY_SOURCE -fno-builtin)
target_link_libraries(kycd-preload PRIVATE kyc_options ${CMAKE_DL_LIBS})
