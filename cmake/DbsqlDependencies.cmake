# Every third-party package is found here, once. `tools/bootstrap` installs them by their Debian names.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Flatbuffers CONFIG QUIET)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(THRIFT REQUIRED IMPORTED_TARGET thrift)
find_program(THRIFT_COMPILER thrift REQUIRED)
find_program(FLATC flatc REQUIRED)

if(NOT DBSQL_FUZZ)
  pkg_check_modules(EDIT REQUIRED IMPORTED_TARGET libedit)
  find_package(Boost 1.74 REQUIRED)  # headers only: Asio and Beast, in the local warehouse alone
endif()
if(DBSQL_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(DBSQL_BUILD_BENCH AND NOT DBSQL_FUZZ)
  find_package(benchmark REQUIRED)
endif()
