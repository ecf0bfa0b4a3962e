# How everything is compiled. ./dev sets PANDO_BUILD and the compiler:
#   debug    clang, address and undefined sanitizers; holds the tests and the fuzzers. clang takes two thirds of g++'s time
#            and warns where a coroutine drops a Result
#   gcc      the same by g++, without the fuzzers
#   tsan     g++, thread sanitizer
#   release  g++, what is run; without tests

set(PANDO_BUILD "debug" CACHE STRING "debug, gcc, tsan or release")
option(PANDO_TESTS "build the tests" ON)

if(PANDO_BUILD STREQUAL "debug")
  set(PANDO_FUZZ ON)
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(PostgreSQL REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
if(PANDO_TESTS)
  find_package(GTest REQUIRED)
endif()

# What was compiled before, here or in another clone, comes from ccache.
set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_SOURCE_DIR}/tools/compile.sh)
# Objects hold no path of this clone, so that another clone can use them; ccache compiles by paths relative to the build
# folder.
file(RELATIVE_PATH source_from_build ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${source_from_build}/=)

add_compile_options(-Wall -Wextra -Wconversion -Werror -fno-omit-frame-pointer)
# Boost.Asio without the parts that we do not use compiles noticeably faster.
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE SPDLOG_FMT_EXTERNAL)
# Asio asks aligned_alloc for the frame of each coroutine, which costs allocators four times what operator new does.
# Nothing that we hand to Asio needs more than operator new's alignment.
add_compile_definitions(BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Without it a precompiled header holds the times of the files that it was made of, which differ from clone to clone.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  # g++ 12 is silent when `co_await f();` drops a Result; clang is not, and it is an error.
  add_compile_options(-Werror=unused-result -Wno-unused-command-line-argument)
endif()

if(PANDO_BUILD STREQUAL "release")
  set(CMAKE_BUILD_TYPE Release)
  set(CMAKE_CXX_FLAGS_RELEASE "-DNDEBUG")
  add_compile_options(-O2 -g1)
elseif(PANDO_BUILD STREQUAL "tsan")
  set(CMAKE_BUILD_TYPE Debug)
  add_compile_options(-O1 -g1 -fsanitize=thread)
  add_link_options(-fsanitize=thread)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio has fences, which ThreadSanitizer does not follow; what it hands from thread to thread goes through mutexes too.
    add_compile_options(-Wno-tsan)
  endif()
else()
  set(CMAKE_BUILD_TYPE Debug)
  # Tests switch rules of the cache off, to prove that they would notice.
  add_compile_definitions(PANDO_TEST_HOOKS)
  add_compile_options(-O0 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang 14 cannot assemble coroutines with the function check. The checks for null and alignment at each access take a
    # fifth to a third of the time to compile, so that only the folders have them that parse outside bytes (folder.cmake); elsewhere
    # the address sanitizer reports what is read or written through a null pointer.
    add_compile_options(-fno-sanitize=function,null,alignment)
    # The coverage is what -fsanitize=fuzzer-no-link stands for, which would ask for a precompiled header of its own.
    set(PANDO_PARSER_OPTIONS -fsanitize=null,alignment
        -fsanitize-coverage=inline-8bit-counters,indirect-calls,trace-cmp,pc-table)
  endif()
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT PANDO_BUILD STREQUAL "gcc")
  # With optimisation g++ 12 reports overflows inside libstdc++'s own string code (GCC bugs 105329, 105651), and the
  # frames of coroutines as freed by the wrong function (109224); clang checks ours.
  add_compile_options(-Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict -Wno-array-bounds
                      -Wno-mismatched-new-delete)
endif()

find_program(PANDO_MOLD mold)
find_program(PANDO_LLD ld.lld)
if(PANDO_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(PANDO_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# precompiled(NAME LIBRARIES target...): pando_NAME_pch compiles cmake/NAME_pch.h once for the targets that reuse it. The
# header is named in angle brackets, for CMake would write its full path into what it generates.
include_directories(${CMAKE_SOURCE_DIR}/cmake)
function(precompiled name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  add_library(pando_${name}_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/${name}_pch.cc)
  target_precompile_headers(pando_${name}_pch PRIVATE <${name}_pch.h>)
  target_link_libraries(pando_${name}_pch PRIVATE Threads::Threads ${ARG_LIBRARIES})
endfunction()
precompiled(std)
precompiled(asio LIBRARIES OpenSSL::SSL Boost::json Boost::url)
if(PANDO_TESTS)
  # Each test links all of these: g++ takes a precompiled header only with the macros that it was made with.
  set(PANDO_TEST_LIBRARIES OpenSSL::SSL Boost::json Boost::url GTest::gmock GTest::gtest)
  precompiled(test LIBRARIES ${PANDO_TEST_LIBRARIES})
endif()
