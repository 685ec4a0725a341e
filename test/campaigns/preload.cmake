# kycd-preload.so (see preload.hpp), and the campaigns and tests that need it. Not for builds with a sanitizer, whose runtime
# must come first and interposes the same calls.
add_library(kycd-preload MODULE
  preload.cpp
  preload_clock.cpp
  preload_data.cpp
  preload_inject.cpp
  preload_lookup.cpp
  preload_names.cpp
  preload_trace.cpp)
set_target_properties(kycd-preload PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET default)
# The fortified headers define some of the functions that this library defines.
target_compile_options(kycd-preload PRIVATE -U_FORTIFY_SOURCE -fno-builtin)
target_link_libraries(kycd-preload PRIVATE kyc_options ${CMAKE_DL_LIBS})

# The short forms; scripts/campaign runs the long ones.
foreach(name fault power)
  add_test(NAME campaign.${name}
    COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/${name}_campaign.py --short --kycd $<TARGET_FILE:kycd>
      --sandbox $<TARGET_FILE:kycd-sandbox> --preload $<TARGET_FILE:kycd-preload>)
  set_tests_properties(campaign.${name} PROPERTIES ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1" LABELS campaign TIMEOUT 600)
endforeach()
# The model must see what a kycd without syncs would do, or it sees nothing.
add_test(NAME campaign.power_sees
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/power_campaign.py --forget-syncs --scenario used --sample 12
    --kycd $<TARGET_FILE:kycd> --sandbox $<TARGET_FILE:kycd-sandbox> --preload $<TARGET_FILE:kycd-preload>)
set_tests_properties(campaign.power_sees PROPERTIES ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1" LABELS campaign TIMEOUT 600)
