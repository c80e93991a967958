# What the library exports, what `cmake --install` puts where, and how other projects find it: find_package(dbsql) and
# pkg-config.
# tests/install proves all of it, from an installed tree alone.
include(CMakePackageConfigHelpers)

if(NOT TARGET dbsql)
  return()
endif()

target_link_options(dbsql PRIVATE "LINKER:--version-script=${CMAKE_CURRENT_LIST_DIR}/dbsql.map")
set_property(TARGET dbsql APPEND PROPERTY LINK_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/dbsql.map")

# Programs and libraries find each other inside the prefix wherever it is moved to.
set(dbsql_programs "")
foreach(program dbsql_shell dbsql-warehouse)
  if(TARGET ${program})
    list(APPEND dbsql_programs ${program})
  endif()
endforeach()
file(RELATIVE_PATH dbsql_lib_from_bin "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
set_target_properties(dbsql ${dbsql_programs} PROPERTIES
  INSTALL_RPATH "$ORIGIN/${dbsql_lib_from_bin}")
set_target_properties(dbsql PROPERTIES INSTALL_RPATH "$ORIGIN")

install(TARGETS dbsql EXPORT dbsqlTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
if(dbsql_programs)
  install(TARGETS ${dbsql_programs} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/dbsql" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(dbsql_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/dbsql")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/dbsqlConfig.cmake.in"
  "${CMAKE_CURRENT_BINARY_DIR}/dbsqlConfig.cmake" INSTALL_DESTINATION "${dbsql_cmake_dir}"
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 a new minor version may change the API.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/dbsqlConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(EXPORT dbsqlTargets NAMESPACE dbsql:: DESTINATION "${dbsql_cmake_dir}")
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/dbsqlConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/dbsqlConfigVersion.cmake"
  DESTINATION "${dbsql_cmake_dir}")

# The prefix is worked out from the file's own place, so an installed tree can be moved.
file(RELATIVE_PATH dbsql_prefix_from_pc
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" dbsql_prefix_from_pc "${dbsql_prefix_from_pc}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/dbsql.pc.in" "${CMAKE_CURRENT_BINARY_DIR}/dbsql.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/dbsql.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
