# What is made of the layers: libraries to link and modules to open.

# The build folder has programs and libraries where an install has them, so that both find each other in the same way
# and no RUNPATH differs.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(BERTRT_LIBRARY_FOLDER "${PROJECT_BINARY_DIR}/lib")
else()
  set(BERTRT_LIBRARY_FOLDER "${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}")
endif()
set(BERTRT_MODULE_FOLDER "${BERTRT_LIBRARY_FOLDER}")
set(BERTRT_MODULE_DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(NOT BUILD_SHARED_LIBS)  # beside a static library of the same name a linker would take the module
  string(APPEND BERTRT_MODULE_FOLDER /bertrt)
  string(APPEND BERTRT_MODULE_DESTINATION /bertrt)
endif()

# Exports what a version script says, where the linker knows such a thing.
function(bertrt_export target map)
  if(UNIX AND NOT APPLE)
    target_link_options(${target} PRIVATE "LINKER:--version-script=${map}")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${map}")
  endif()
endfunction()

# bertrt_add_library(TARGET OUTPUT name EXPORT name LAYERS base text …): a library with the objects of these layers,
# static or shared as BUILD_SHARED_LIBS says.
function(bertrt_add_library target)
  cmake_parse_arguments(ARG "" "OUTPUT;EXPORT" "LAYERS" ${ARGN})
  set(objects "")
  set(libraries "")
  foreach(layer IN LISTS ARG_LAYERS)
    list(APPEND objects $<TARGET_OBJECTS:bertrt_${layer}>)
    get_target_property(used bertrt_${layer} BERTRT_PRIVATE_LIBRARIES)
    if(used)
      list(APPEND libraries ${used})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES libraries)
  # Headers alone, used by the layers' objects, which are compiled by now: nothing of it is left to link.
  list(REMOVE_ITEM libraries nlohmann_json::nlohmann_json bertrt_highway)

  add_library(${target} ${objects})
  add_library(bertrt::${ARG_EXPORT} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${ARG_OUTPUT} EXPORT_NAME ${ARG_EXPORT} LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    ARCHIVE_OUTPUT_DIRECTORY "${BERTRT_LIBRARY_FOLDER}" LIBRARY_OUTPUT_DIRECTORY "${BERTRT_LIBRARY_FOLDER}"
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin"
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH_USE_LINK_PATH ON)
  bertrt_interface(${target})
  target_link_libraries(${target} PRIVATE ${libraries})
  if(BUILD_SHARED_LIBS)
    bertrt_export(${target} "${PROJECT_SOURCE_DIR}/cmake/bertrt.map")
  endif()
endfunction()

# What a consumer of a library of ours gets.
function(bertrt_interface target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  if(BERTRT_SANITIZE)
    target_link_options(${target} PUBLIC -fsanitize=${BERTRT_SANITIZE})
  endif()
  if(NOT BUILD_SHARED_LIBS)
    target_compile_definitions(${target} PUBLIC BERTRT_STATIC)
  endif()
endfunction()

# bertrt_add_module(NAME LAYER layer LIBRARIES torch RPATH folder): libbertrt_NAME.so, which a session opens
# (src/engine/module.h), and bertrt::NAME for a program that links it in: the same shared object where bertrt is shared,
# a static library where bertrt is one.
function(bertrt_add_module name)
  cmake_parse_arguments(ARG "" "LAYER" "LIBRARIES;RPATH" ${ARGN})
  set(module bertrt_${name}_module)
  set(objects $<TARGET_OBJECTS:bertrt_${ARG_LAYER}>)
  add_library(${module} SHARED ${objects})
  set_target_properties(${module} PROPERTIES
    OUTPUT_NAME bertrt_${name} LINKER_LANGUAGE CXX
    LIBRARY_OUTPUT_DIRECTORY "${BERTRT_MODULE_FOLDER}" RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin"
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN;${ARG_RPATH}")
  # Of the layers only what has no state and no border of its own: errors and batches.
  target_link_libraries(${module} PRIVATE bertrt_batch bertrt_border ${ARG_LIBRARIES})
  bertrt_export(${module} "${PROJECT_SOURCE_DIR}/cmake/module.map")

  if(BUILD_SHARED_LIBS)
    set(component ${module})
  else()
    set(component bertrt_${name}_library)
    add_library(${component} STATIC ${objects})
    set_target_properties(${component} PROPERTIES
      OUTPUT_NAME bertrt_${name} LINKER_LANGUAGE CXX ARCHIVE_OUTPUT_DIRECTORY "${BERTRT_LIBRARY_FOLDER}")
    target_link_libraries(${component} PRIVATE ${ARG_LIBRARIES})
  endif()
  bertrt_interface(${component})
  target_link_libraries(${component} INTERFACE bertrt)
  set_target_properties(${component} PROPERTIES EXPORT_NAME ${name})
  add_library(bertrt::${name} ALIAS ${component})
endfunction()
