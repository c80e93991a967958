# Language level, warnings, sanitizers and symbol visibility for everything in this tree.

option(DBSQL_BUILD_TESTS "Build the unit and wire tests" ${PROJECT_IS_TOP_LEVEL})
option(DBSQL_BUILD_BENCH "Build the benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(DBSQL_TELEMETRY "Build what sends telemetry; off, nothing can turn it on (docs/telemetry.md)" ON)
option(DBSQL_WERROR "Treat warnings as errors" OFF)
option(DBSQL_FUZZ "Build only the fuzz targets (needs clang)" OFF)
set(DBSQL_SANITIZE "" CACHE STRING "Comma-separated sanitizers, for instance address,undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
# Debug is the everyday build: -O1 keeps the wire tests quick, -g1 keeps links and objects small.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(DBSQL_CCACHE ccache)
if(DBSQL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${DBSQL_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${DBSQL_CCACHE}")
endif()

add_library(dbsql_warnings INTERFACE)
target_compile_options(dbsql_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  -Wno-missing-field-initializers  # designated initialisers name what they set on purpose
  $<$<BOOL:${DBSQL_WERROR}>:-Werror>)

if(DBSQL_SANITIZE MATCHES "address" AND NOT DBSQL_FUZZ)
  # Optimising what the address sanitizer has inserted doubles the build time and finds nothing more.
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
endif()
if(DBSQL_SANITIZE)
  add_compile_options(-fsanitize=${DBSQL_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DBSQL_SANITIZE})
endif()
if(DBSQL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
