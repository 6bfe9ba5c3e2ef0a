# What `cmake --install` writes: headers, both libraries, the package for CMake and for pkg-config, the command with its
# topologies. Nothing of it names a path of the build, and the tree may be moved as a whole.

# The static library's users need libyaml (and libcrypto, if it was there for the build) to link, those of the shared one do not: one list of targets for each.
set(MSIM_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/mailsim)
foreach(kind IN ITEMS static shared)
  install(TARGETS mailsim_${kind} EXPORT mailsim-${kind}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(EXPORT mailsim-${kind} NAMESPACE mailsim:: FILE mailsim-${kind}.cmake DESTINATION ${MSIM_PACKAGE_DIR})
endforeach()
install(DIRECTORY include/mailsim DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY topologies DESTINATION ${CMAKE_INSTALL_DATADIR}/mailsim FILES_MATCHING PATTERN "*.yaml")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(TARGET mailsim)
  if(BUILD_SHARED_LIBS)
    if(APPLE)
      set(origin "@loader_path")
    else()
      set(origin "$ORIGIN")
    endif()
    file(RELATIVE_PATH MSIM_BIN_TO_LIB ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
    set_target_properties(mailsim PROPERTIES INSTALL_RPATH "${origin}/${MSIM_BIN_TO_LIB}")
  endif()
  install(TARGETS mailsim RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# Spelled as CMake and people read it: the package of a build without libcrypto asks for none.
if(MSIM_HAVE_CRYPTO)
  set(MSIM_HAVE_CRYPTO ON)
  set(MSIM_STATIC_NEEDS "libyaml (yaml-0.1) and libcrypto")
else()
  set(MSIM_HAVE_CRYPTO OFF)
  set(MSIM_STATIC_NEEDS "libyaml (yaml-0.1)")
endif()
set(MSIM_COMMAND ${CMAKE_INSTALL_BINDIR}/mailsim${CMAKE_EXECUTABLE_SUFFIX})
configure_package_config_file(lib/mailsim-config.cmake.in ${PROJECT_BINARY_DIR}/package/mailsim-config.cmake
  INSTALL_DESTINATION ${MSIM_PACKAGE_DIR} PATH_VARS MSIM_COMMAND NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break what was there; after it only a major one.
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
endif()
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/mailsim-config-version.cmake
  COMPATIBILITY ${compatibility})
install(FILES ${PROJECT_BINARY_DIR}/package/mailsim-config.cmake
  ${PROJECT_BINARY_DIR}/package/mailsim-config-version.cmake lib/mailsim-add-test.cmake lib/mailsim-run-test.cmake
  DESTINATION ${MSIM_PACKAGE_DIR})

# Paths from where the file lies, so that the tree may be moved; absolute only where somebody asked for absolute ones.
set(MSIM_PC_LIBDIR ${CMAKE_INSTALL_LIBDIR})
set(MSIM_PC_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR})
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(MSIM_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
else()
  file(RELATIVE_PATH MSIM_PC_TO_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  string(REGEX REPLACE "/$" "" MSIM_PC_TO_PREFIX "${MSIM_PC_TO_PREFIX}")
  set(MSIM_PC_PREFIX "\${pcfiledir}/${MSIM_PC_TO_PREFIX}")
  set(MSIM_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(MSIM_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(MSIM_PC_CRYPTO "")
if(MSIM_HAVE_CRYPTO)
  set(MSIM_PC_CRYPTO ", libcrypto")
endif()
configure_file(lib/mailsim.pc.in ${PROJECT_BINARY_DIR}/package/mailsim.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/package/mailsim.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
