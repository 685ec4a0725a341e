# What `cmake --install` puts where, and the manual's pages, which are made here.
# Component kycd is the program with its papers, at the prefix; units belongs to an installation without a package; debian
# is what only the package brings (cmake/package.cmake): absolute paths, and the configuration, which an installation
# by hand must not write over.

find_program(SCDOC scdoc REQUIRED)
find_program(GZIP gzip REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(KYC_PAPERS ${CMAKE_CURRENT_BINARY_DIR}/papers)
file(MAKE_DIRECTORY ${KYC_PAPERS})

# kyc_manual_page(PAGE SOURCE [GENERATOR]): gzipped, as manual pages are. The generator makes the page's text of the source.
function(kyc_manual_page page source)
  set(text "cat ${source}")
  if(ARGC GREATER 2)
    set(text "${Python3_EXECUTABLE} ${ARGV2} ${source}")
  endif()
  set(made ${KYC_PAPERS}/${page})
  add_custom_command(
    OUTPUT ${made}.gz
    COMMAND sh -ec "${text} >${made}.scd && ${SCDOC} <${made}.scd >${made} && ${GZIP} -9nf ${made}"
    DEPENDS ${source} ${ARGN}
    COMMENT "Making the manual page ${page}"
    VERBATIM)
endfunction()

set(pages ${PROJECT_SOURCE_DIR}/packaging/man)
kyc_manual_page(kycd.8 ${pages}/kycd.8.scd)
kyc_manual_page(kycd.yaml.5 ${PROJECT_SOURCE_DIR}/docs/configuration.md ${pages}/make_config_page.py)
add_custom_target(manual ALL DEPENDS ${KYC_PAPERS}/kycd.8.gz ${KYC_PAPERS}/kycd.yaml.5.gz)

install(TARGETS kycd COMPONENT kycd)
install(FILES ${KYC_PAPERS}/kycd.8.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT kycd)
install(FILES ${KYC_PAPERS}/kycd.yaml.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT kycd)
install(FILES packaging/completion/kycd.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME kycd
  COMPONENT kycd)
install(FILES README.md TYPE DOC COMPONENT kycd)
install(DIRECTORY docs TYPE DOC COMPONENT kycd)
install(FILES config/kycd.yaml config/reverify.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT kycd)
install(DIRECTORY config/prometheus config/grafana DESTINATION ${CMAKE_INSTALL_DATADIR}/kycd COMPONENT kycd)
install(FILES config/kycd.schema.json config/reverify.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/kycd COMPONENT kycd)
install(FILES systemd/kycd.sysusers DESTINATION lib/sysusers.d RENAME kycd.conf COMPONENT kycd)
install(FILES systemd/kycd.tmpfiles DESTINATION lib/tmpfiles.d RENAME kycd.conf COMPONENT kycd)

set(units systemd/kycd.service systemd/kycd-reverify.service systemd/kycd-reverify.timer)
install(FILES ${units} DESTINATION lib/systemd/system COMPONENT units)
install(FILES ${units} DESTINATION /lib/systemd/system COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES config/kycd.yaml DESTINATION /etc/kycd PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ
  COMPONENT debian EXCLUDE_FROM_ALL)
