# Compiles a consumer by hand, with pkg-config's flags: cmake -DCXX= -DPACKAGE= -DLIBDIR= -DNAME= -DSOURCE= -DBINARY= -P …
cmake_minimum_required(VERSION 3.22)
set(ENV{PKG_CONFIG_PATH} "${PACKAGE}/${LIBDIR}/pkgconfig:$ENV{PKG_CONFIG_PATH}")
execute_process(COMMAND pkg-config --cflags --libs "${NAME}" OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY
  OUTPUT_STRIP_TRAILING_WHITESPACE)
# What belongs to the libraries behind it reaches no file of a consumer's.
string(REPLACE " -DBERTRT_STATIC" "" others " ${flags}")
if(others MATCHES " -D")
  message(FATAL_ERROR "a definition of a dependency's: ${flags}")
endif()
separate_arguments(flags UNIX_COMMAND "${flags}")
file(MAKE_DIRECTORY "${BINARY}")
execute_process(COMMAND "${CXX}" -std=c++20 "${SOURCE}" ${flags} "-Wl,-rpath,${PACKAGE}/${LIBDIR}" -o "${BINARY}/program"
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${BINARY}/program" "${ROOT}/tests/data/traces/vocab.txt" "jim henson" OUTPUT_VARIABLE output
  COMMAND_ERROR_IS_FATAL ANY)
if(NOT output MATCHES "henson")
  message(FATAL_ERROR "the program answered: ${output}")
endif()
# An older standard is told so, once.
execute_process(COMMAND "${CXX}" -std=c++17 -fsyntax-only "${SOURCE}" ${flags} RESULT_VARIABLE status
  ERROR_VARIABLE errors)
string(REGEX MATCHALL "error:" count "${errors}")
list(LENGTH count count)
if(status EQUAL 0 OR NOT errors MATCHES "C\\+\\+20" OR NOT count EQUAL 1)
  message(FATAL_ERROR "C++17 is told (${count} errors): ${errors}")
endif()
