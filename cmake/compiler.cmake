# What every target of ours is compiled with. Third-party headers come in as SYSTEM, so the warnings are about our code.

add_library(kyc_options INTERFACE)
target_compile_features(kyc_options INTERFACE cxx_std_20)
target_compile_options(kyc_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 from -O1 on: about Asio's coroutine frames (it sees through their allocation but not their
  # release), and about "text" + std::string (GCC bug 105651).
  target_compile_options(kyc_options INTERFACE -Wno-maybe-uninitialized -Wno-null-dereference -Wno-mismatched-new-delete -Wno-restrict)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# As fast as CMake's own -O3 with a fifth less code (docs/performance.md). Where more is worth it, the library asks for
# it itself.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

if(KYC_SANITIZERS)
  add_compile_options(-fsanitize=${KYC_SANITIZERS} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KYC_SANITIZERS})
  if(KYC_SANITIZERS MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan) # Asio's reference counts use fences, which ThreadSanitizer does not see
  endif()
  if(KYC_FUZZ)
    # clang 14 cannot compile coroutines with the check of function pointers' types.
    add_compile_options(-fsanitize=fuzzer-no-link -fno-sanitize=function)
    add_compile_definitions(KYC_FUZZ)
  endif()
else()
  # Hardening as Debian does it for its own daemons. The fortified functions need an optimised build.
  add_compile_options(-fstack-protector-strong $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
  add_link_options(-Wl,-z,relro -Wl,-z,now)
  # What nobody calls is left out.
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Relative to the source folder, so that another checkout finds what this one has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()
