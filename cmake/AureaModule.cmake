# aurea_module(NAME DEPS other modules... LINK libraries...)
# One static library per folder of src/, made of all its *.cpp except tests, linking only to the modules below it.
# Tests (*_test.cpp, beside the sources) become one GoogleTest binary per module. New files need no edit here.
# NO_PCH: files that are built for newer CPUs must not see the common headers (they would leave copies of inline functions).
function(aurea_module name)
  cmake_parse_arguments(ARG "NO_PCH" "LABEL" "DEPS;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(TRANSFORM ARG_DEPS PREPEND "aurea_")
  if(NOT sources)
    return()
  endif()

  add_library(aurea_${name} STATIC ${sources})
  target_include_directories(aurea_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(aurea_${name} PUBLIC ${ARG_DEPS} ${ARG_LINK} PRIVATE aurea_warnings)

  if(NOT ARG_NO_PCH)
    target_precompile_headers(aurea_${name} REUSE_FROM aurea_common_headers)
  endif()

  if(AUREA_TESTS AND tests)
    if(NOT ARG_LABEL)
      set(ARG_LABEL smoke)
    endif()
    aurea_test(aurea_${name}_test LABEL ${ARG_LABEL} SOURCES ${tests} DEPS aurea_${name})
  endif()
endfunction()

# aurea_test(TARGET LABEL label SOURCES files... DEPS targets...): a GoogleTest binary whose tests CTest lists one by one.
function(aurea_test target)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;DEPS" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE ${ARG_DEPS} aurea_test_support aurea_warnings GTest::gmock GTest::gtest_main)
  target_precompile_headers(${target} REUSE_FROM aurea_test_support)
  gtest_discover_tests(${target} TEST_PREFIX "${target}." PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT 600 DISCOVERY_TIMEOUT 120)
endfunction()
