# One rung of the ladder (docs/architecture.md): a static library of its own, so that a layer cannot use one that
# stands above it and its tests link nothing more than it needs.
#
#   bertrt_add_layer(NAME SOURCES a.cc b.cc DEPENDS text PRIVATE_LIBRARIES ZLIB::ZLIB)
#
# APART: the library does not contain it (an engine that comes as a module).
function(bertrt_add_layer name)
  cmake_parse_arguments(ARG "APART" "" "SOURCES;DEPENDS;PRIVATE_LIBRARIES" ${ARGN})
  set(target bertrt_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  bertrt_compile_options(${target})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  if(BUILD_SHARED_LIBS)
    target_compile_definitions(${target} PRIVATE BERTRT_BUILDING)
  else()
    target_compile_definitions(${target} PUBLIC BERTRT_STATIC)
  endif()
  target_include_directories(${target} PUBLIC
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
  foreach(layer IN LISTS ARG_DEPENDS)
    target_link_libraries(${target} PUBLIC bertrt_${layer})
  endforeach()
  target_link_libraries(${target} PRIVATE ${ARG_PRIVATE_LIBRARIES})
  set_property(TARGET ${target} PROPERTY BERTRT_PRIVATE_LIBRARIES ${ARG_PRIVATE_LIBRARIES})
  if(ARG_APART)
    set_property(GLOBAL APPEND PROPERTY BERTRT_LAYERS_APART ${name})
  else()
    set_property(GLOBAL APPEND PROPERTY BERTRT_LAYERS ${name})
  endif()
endfunction()

# The sources of a layer that match run once a load, or are a reference: in a Release a quarter of the size is worth more
# than a few milliseconds.
#
#   bertrt_compile_for_size(NAME REGEX [EXCEPT_REGEX])
function(bertrt_compile_for_size name regex)
  get_target_property(sources bertrt_${name} SOURCES)
  list(FILTER sources INCLUDE REGEX "${regex}")
  if(ARGC GREATER 2)
    list(FILTER sources EXCLUDE REGEX "${ARGV2}")
  endif()
  if(NOT MSVC)
    set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-Os>")
  endif()
endfunction()

# What nobody but us decides about a target's compilation: nothing of it reaches a consumer.
function(bertrt_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(NOT MSVC)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow ${BERTRT_DEFAULT_OPTIMIZATION})
    # gcc 12 sees overlaps in std::string's own operator+ (gcc's bug 105651, mended in 13).
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      target_compile_options(${target} PRIVATE -Wno-restrict)
    endif()
    if(BERTRT_WARNINGS_AS_ERRORS)
      target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(BERTRT_SANITIZE)
      target_compile_options(${target} PRIVATE -fsanitize=${BERTRT_SANITIZE} -fno-omit-frame-pointer)
      target_link_options(${target} PUBLIC -fsanitize=${BERTRT_SANITIZE})
    endif()
  endif()
endfunction()

# A project that takes us in without a build type would compile kernels without optimization.
set(BERTRT_DEFAULT_OPTIMIZATION "")
if(NOT MSVC AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND
   NOT "${CMAKE_CXX_FLAGS} $ENV{CXXFLAGS}" MATCHES "(^| )-O")
  message(STATUS "bertrt: no CMAKE_BUILD_TYPE is set: bertrt itself is compiled with -O2")
  set(BERTRT_DEFAULT_OPTIMIZATION -O2)
endif()
