# How everything is compiled. PANDO_BUILD is set by ./dev: debug (ASan + UBSan), tsan or release.

set(PANDO_BUILD "debug" CACHE STRING "debug (address and undefined sanitizers), tsan or release")
option(PANDO_TESTS "build the tests" ON)
option(PANDO_FUZZ "build the fuzzers (clang only)" OFF)

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(PostgreSQL REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
if(PANDO_TESTS)
  find_package(GTest REQUIRED)
endif()

add_compile_options(-Wall -Wextra -Wconversion -Werror -fno-omit-frame-pointer)
# Boost.Asio without the parts that we do not use compiles noticeably faster.
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE SPDLOG_FMT_EXTERNAL)
# Asio asks aligned_alloc for the frame of each coroutine, which costs allocators four times what operator new does.
# Nothing that we hand to Asio needs more than operator new's alignment.
add_compile_definitions(BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
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
    # clang 14 cannot assemble coroutines with the function check.
    add_compile_options(-fno-sanitize=function)
  endif()
  if(PANDO_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
    add_link_options(-fsanitize=fuzzer-no-link)
  endif()
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT PANDO_BUILD STREQUAL "debug")
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

# One precompiled header for every folder that meets Asio: such a unit costs 10 s without it.
add_library(pando_asio_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/asio_pch.cc)
target_precompile_headers(pando_asio_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/asio_pch.h)
target_link_libraries(pando_asio_pch PRIVATE Threads::Threads OpenSSL::SSL Boost::json Boost::url)
# And one of the standard library alone for the others.
add_library(pando_std_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/std_pch.cc)
target_precompile_headers(pando_std_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/std_pch.h)
target_link_libraries(pando_std_pch PRIVATE Threads::Threads)
