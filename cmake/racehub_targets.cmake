# Compiler settings that every target of the hub shares.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# Line numbers are all that a trace from a club needs; full debugging data costs a quarter of the build.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

add_library(racehub_options INTERFACE)
target_include_directories(racehub_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(racehub_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    $<$<BOOL:${RACEHUB_WERROR}>:-Werror>)
if(RACEHUB_SANITIZE)
    target_compile_options(racehub_options INTERFACE
        -fsanitize=address,undefined -fno-omit-frame-pointer)
    target_link_options(racehub_options INTERFACE -fsanitize=address,undefined)
endif()

# racehub_library(core SOURCES a.cpp LINK racehub::engine) makes the static library racehub_core,
# alias racehub::core.
# Includes are written from the project's root: #include "hub/core/event.h".
function(racehub_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    add_library(racehub_${name} STATIC ${ARG_SOURCES})
    add_library(racehub::${name} ALIAS racehub_${name})
    target_link_libraries(racehub_${name} PUBLIC racehub_options ${ARG_LINK})
endfunction()

# racehub_test(name SOURCES a.cpp LINK racehub::core) makes one Catch2 program, known to CTest.
function(racehub_test name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE racehub_options Catch2::Catch2WithMain ${ARG_LINK})
    # Assertions are long code that runs once: optimising them takes longer than running them.
    if(NOT CMAKE_BUILD_TYPE STREQUAL Debug)
        target_compile_options(${name} PRIVATE -O0)
    endif()
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()
