# The CMake package and the pkg-config files: `find_package(bertrt COMPONENTS tokenizer bertrt torchscript)`.
#
# A subproject that does not install us has the rules all the same, apart from `install`, so that a target which links
# us can be exported: its user then finds bertrt as a package.
include(CMakePackageConfigHelpers)
set(BERTRT_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/bertrt")
set(apart "")
if(NOT BERTRT_INSTALL)
  set(apart EXCLUDE_FROM_ALL)
endif()

function(bertrt_install_targets export destination)
  install(TARGETS ${ARGN} EXPORT ${export}
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT bertrt ${apart}
    LIBRARY DESTINATION "${destination}" COMPONENT bertrt ${apart}
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT bertrt ${apart}
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT ${export} NAMESPACE bertrt:: DESTINATION "${BERTRT_CMAKE_DIR}" COMPONENT bertrt ${apart})
endfunction()

bertrt_install_targets(bertrtTargets "${CMAKE_INSTALL_LIBDIR}" bertrt bertrt_tokenizer_library)
if(BERTRT_HAS_TORCHSCRIPT)
  if(BUILD_SHARED_LIBS)
    bertrt_install_targets(bertrtTorchscriptTargets "${BERTRT_MODULE_DESTINATION}" bertrt_torchscript_module)
  else()
    bertrt_install_targets(bertrtTorchscriptTargets "${CMAKE_INSTALL_LIBDIR}" bertrt_torchscript_library)
    install(TARGETS bertrt_torchscript_module
      RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT bertrt ${apart}
      LIBRARY DESTINATION "${BERTRT_MODULE_DESTINATION}" COMPONENT bertrt ${apart})
  endif()
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/bertrt" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  COMPONENT bertrt ${apart})

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/bertrtConfig.cmake.in" "${PROJECT_BINARY_DIR}/bertrtConfig.cmake"
  INSTALL_DESTINATION "${BERTRT_CMAKE_DIR}")
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/bertrtConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/bertrtConfig.cmake" "${PROJECT_BINARY_DIR}/bertrtConfigVersion.cmake"
  DESTINATION "${BERTRT_CMAKE_DIR}" COMPONENT bertrt ${apart})

# pkg-config: the prefix is found from the file's own place, so that a package may be moved.
function(bertrt_pkg_config name description link)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  set(PC_NAME ${name})
  set(PC_DESCRIPTION "${description}")
  set(PC_LINK ${link})
  # By their names and not as Requires, private or not: pkg-config hands the definitions of all that it requires to
  # whoever asks for compiler flags.
  list(TRANSFORM ARG_LIBRARIES PREPEND " ")
  string(JOIN "" libraries ${ARG_LIBRARIES})
  if(BUILD_SHARED_LIBS)  # all behind it
    set(PC_LIBRARIES "")
    set(PC_PRIVATE_LIBRARIES "${libraries}")
    set(PC_DEFINITIONS "")
  else()
    set(PC_LIBRARIES "${libraries}")
    set(PC_PRIVATE_LIBRARIES "")
    set(PC_DEFINITIONS " -DBERTRT_STATIC")
  endif()
  file(RELATIVE_PATH PC_UP "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/bertrt.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
    COMPONENT bertrt ${apart})
endfunction()
set(text_libraries "")
if(TARGET PkgConfig::Oniguruma)
  list(APPEND text_libraries -lonig)
endif()
bertrt_pkg_config(bertrt "${PROJECT_DESCRIPTION}" bertrt
  LIBRARIES ${text_libraries} -lz -lstdc++ -lm -pthread -ldl)
bertrt_pkg_config(bertrt-tokenizer "The tokenizers of bertrt alone" bertrt_tokenizer
  LIBRARIES ${text_libraries} -lstdc++ -lm -pthread -ldl)
