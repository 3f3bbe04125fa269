# The CMake package: `find_package(bertrt)` gives bertrt::bertrt.
include(CMakePackageConfigHelpers)
set(BERTRT_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/bertrt")

install(TARGETS bertrt EXPORT bertrtTargets
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/bertrt" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT bertrtTargets NAMESPACE bertrt:: DESTINATION "${BERTRT_CMAKE_DIR}")

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/bertrtConfig.cmake.in" "${PROJECT_BINARY_DIR}/bertrtConfig.cmake"
  INSTALL_DESTINATION "${BERTRT_CMAKE_DIR}")
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/bertrtConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/bertrtConfig.cmake" "${PROJECT_BINARY_DIR}/bertrtConfigVersion.cmake"
  DESTINATION "${BERTRT_CMAKE_DIR}")
