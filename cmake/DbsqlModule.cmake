# dbsql_module(NAME SOURCES ... LINKS ...)
#   One folder of src/ as a static library `dbsql_NAME`. Its LINKS are the modules it may include (style.md 1).
# dbsql_test(NAME SOURCES ... LINKS ...)
#   One GoogleTest program that CTest runs; its results are written as JSON for tools/check-cases.

function(dbsql_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(dbsql_${name} STATIC ${ARG_SOURCES})
  target_include_directories(dbsql_${name} PUBLIC
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  target_compile_definitions(dbsql_${name} PRIVATE DBSQL_BUILDING)
  target_link_libraries(dbsql_${name} PUBLIC ${ARG_LINKS} PRIVATE dbsql_warnings)
endfunction()

function(dbsql_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINKS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gmock GTest::gtest_main dbsql_warnings)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name}
           COMMAND ${name} --gtest_brief=1
                   --gtest_output=json:${PROJECT_BINARY_DIR}/test-results/${name}.json)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()
