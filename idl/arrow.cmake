# The Arrow IPC metadata tables as a C++ header, generated into the build tree for src/arrow alone.
set(dbsql_arrow_idl_dir "${CMAKE_CURRENT_BINARY_DIR}/arrow")
set(dbsql_arrow_idl_header "${dbsql_arrow_idl_dir}/arrow_ipc_generated.h")

add_custom_command(
  OUTPUT "${dbsql_arrow_idl_header}"
  COMMAND "${FLATC}" --cpp --scoped-enums -o "${dbsql_arrow_idl_dir}"
          "${CMAKE_CURRENT_LIST_DIR}/arrow_ipc.fbs"
  DEPENDS "${CMAKE_CURRENT_LIST_DIR}/arrow_ipc.fbs"
  COMMENT "Generating the Arrow IPC metadata header"
  VERBATIM)
add_custom_target(dbsql_arrow_idl_generated DEPENDS "${dbsql_arrow_idl_header}")

add_library(dbsql_arrow_idl INTERFACE)
# SYSTEM: generated code is not held to our warnings.
target_include_directories(dbsql_arrow_idl SYSTEM INTERFACE "${dbsql_arrow_idl_dir}")
add_dependencies(dbsql_arrow_idl dbsql_arrow_idl_generated)
