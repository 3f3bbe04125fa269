# Everything that the library links. Each is a well-kept package of the system's or, for Torch, of the user's.
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.9 REQUIRED)
find_package(hwy REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(Oniguruma REQUIRED IMPORTED_TARGET oniguruma)
find_package(Torch REQUIRED)
