# The Debian package, for scripts/package: `cpack` in the build folder. What goes into it: the components kycd and debian.

set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)

# The changelog names the version that is packaged.
file(STRINGS ${debian}/changelog newest_change LIMIT_COUNT 1)
if(NOT newest_change MATCHES "^kycd \\(${PROJECT_VERSION}\\) ")
  message(FATAL_ERROR "packaging/debian/changelog begins with '${newest_change}', but this is version ${PROJECT_VERSION}")
endif()

add_custom_command(
  OUTPUT ${KYC_PAPERS}/changelog.gz
  COMMAND sh -ec "${GZIP} -9nc ${debian}/changelog >${KYC_PAPERS}/changelog.gz"
  DEPENDS ${debian}/changelog
  VERBATIM)
add_custom_target(changelog ALL DEPENDS ${KYC_PAPERS}/changelog.gz)
install(FILES ${KYC_PAPERS}/changelog.gz ${debian}/copyright TYPE DOC COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${debian}/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME kycd
  COMPONENT debian EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kycd)
set(CPACK_PACKAGE_CONTACT "kycd founders <founders@kycd.invalid>")
set(CPACK_STRIP_FILES ON)
# Absolute paths (/etc, /lib/systemd) want a staging folder in front of them.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL kycd debian)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "uploads ID-check cases from a drop folder to the Progeny KYC API")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"kycd watches a folder. Other systems drop a customer's ID images there, a
folder or a few files per case. kycd checks the images, uploads each case
over HTTPS, waits for the answer, and leaves it as result.json beside the
images in an outbox. A case that cannot be answered ends in a folder of
failed ones with an error.json that says why and what to do.
.
It runs as a hardened service of systemd for months, or once over whatever
lies there. It never loses a case, and never knowingly pays for one twice.")
# What the linker knows comes by dpkg-shlibdeps: kycd runs in a root that has it.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
string(CONCAT CPACK_DEBIAN_PACKAGE_DEPENDS
  "ca-certificates, debconf (>= 0.5) | debconf-2.0, init-system-helpers (>= 1.52), "
  "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles, tzdata")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${debian}/conffiles ${debian}/templates ${debian}/config ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
