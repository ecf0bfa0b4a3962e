# One program per parser of outside bytes: src/FOLDER/NAME_fuzz.cc becomes fuzz_FOLDER_NAME, which links its folder.
# The corpus that it starts from, and that every test run replays, is committed in test/fuzz/corpus/FOLDER_NAME/.
# `fuzzers` builds them all.

add_custom_target(fuzzers)
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*/*_fuzz.cc)
foreach(source ${fuzz_sources})
  get_filename_component(name ${source} NAME_WE)
  string(REGEX REPLACE "_fuzz$" "" name ${name})
  get_filename_component(folder ${source} DIRECTORY)
  get_filename_component(folder ${folder} NAME)
  string(PREPEND name ${folder}_)
  add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${source})
  target_compile_options(fuzz_${name} PRIVATE ${PANDO_PARSER_OPTIONS})
  target_link_libraries(fuzz_${name} PRIVATE pando_${folder})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  add_dependencies(fuzzers fuzz_${name})
endforeach()
