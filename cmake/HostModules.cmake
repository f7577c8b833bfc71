# Host modules: kernels compiled by g++ for the host device, one shared library a source, flavour by flavour.
#   plain    optimised; for whole models
#   checker  every load and store reports to the host device, which looks for races and wild accesses (the callbacks of -fsanitize=thread
#            without its runtime: the host device defines them)
#   asan     AddressSanitizer and UndefinedBehaviorSanitizer
# tests/hostcuda makes the libraries that modules import from: targets cuda-host and, for asan, cuda-host-asan.
include_guard(GLOBAL)

set(CUDASEARCH_HOST_FLAGS -std=c++17 -g1 -fPIC -fvisibility=hidden -pthread -march=x86-64-v3 -ffp-contract=off -fno-strict-aliasing
    -Wall -Wno-unknown-pragmas -Wno-psabi)
set(CUDASEARCH_HOST_FLAGS_plain -O2)
set(CUDASEARCH_HOST_FLAGS_checker -O1 -fsanitize=thread --param tsan-instrument-func-entry-exit=0 -Wno-tsan)
set(CUDASEARCH_HOST_FLAGS_asan -O1 -fsanitize=address,undefined -fno-omit-frame-pointer)
set(CUDASEARCH_HOST_LINK_FLAGS_asan -fsanitize=address,undefined)

# Sets CUDASEARCH_HAVE_HOST_COMPILER and enables C++ by g++; the fibers are written for x86-64.
macro(cudasearch_enable_host_compiler)
    find_program(CUDASEARCH_GXX NAMES g++ g++-14 g++-13 g++-12 DOC "g++ 12 or newer, for the host device")
    set(CUDASEARCH_HAVE_HOST_COMPILER OFF)
    if(CUDASEARCH_GXX AND CMAKE_HOST_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL "x86_64")
        execute_process(COMMAND "${CUDASEARCH_GXX}" -dumpversion OUTPUT_VARIABLE CUDASEARCH_GXX_VERSION
            OUTPUT_STRIP_TRAILING_WHITESPACE)
        if(CUDASEARCH_GXX_VERSION VERSION_GREATER_EQUAL 12)
            set(CUDASEARCH_HAVE_HOST_COMPILER ON)
            set(CMAKE_CXX_COMPILER "${CUDASEARCH_GXX}")
            enable_language(CXX)
            if(NOT CMAKE_BUILD_TYPE)
                set(CMAKE_BUILD_TYPE RelWithDebInfo)
            endif()
        else()
            unset(CUDASEARCH_GXX CACHE) # so that one installed later is found
        endif()
    endif()
endmacro()

cudasearch_enable_host_compiler()

# cudasearch_add_host_modules(NAME OUTPUT_DIRECTORY dir FLAVOURS f… SOURCES a.cu … [FLAT] [OPTIONS o…]): target NAME makes
# dir/<flavour>/a.so, or dir/a.so when FLAT (one flavour), with further compiler options. Modules of sources that are gone are removed.
function(cudasearch_add_host_modules name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "FLAT" "OUTPUT_DIRECTORY" "FLAVOURS;SOURCES;OPTIONS")
    set(modules "")
    set(folders "")
    foreach(flavour IN LISTS arg_FLAVOURS)
        set(folder "${arg_OUTPUT_DIRECTORY}/${flavour}")
        if(arg_FLAT)
            set(folder "${arg_OUTPUT_DIRECTORY}")
        endif()
        file(MAKE_DIRECTORY "${folder}")
        list(APPEND folders "${folder}/*.so")
        foreach(source IN LISTS arg_SOURCES)
            get_filename_component(op "${source}" NAME_WE)
            cudasearch_add_host_module("${source}" "${folder}/${op}.so" ${flavour} ${arg_OPTIONS})
            list(APPEND modules "${folder}/${op}.so")
        endforeach()
    endforeach()
    cudasearch_remove_others("${folders}" "${modules}")
    add_custom_target(${name} ALL DEPENDS ${modules})
endfunction()

# One module, in two steps: a change of the host device links it again but does not compile it again.
function(cudasearch_add_host_module source output flavour)
    set(library cuda-host)
    if(flavour STREQUAL "asan")
        set(library cuda-host-asan)
    endif()
    get_filename_component(own "${source}" DIRECTORY)
    file(RELATIVE_PATH shown "${CUDASEARCH_ARTIFACTS}" "${output}")
    set(object "${CMAKE_BINARY_DIR}/objects/${shown}.o")
    set(depfile "${CMAKE_BINARY_DIR}/objects/${shown}.d")
    get_filename_component(folder "${object}" DIRECTORY)
    file(MAKE_DIRECTORY "${folder}")
    add_custom_command(OUTPUT "${object}"
        COMMAND "${CMAKE_CXX_COMPILER}" ${CUDASEARCH_HOST_FLAGS} ${CUDASEARCH_HOST_FLAGS_${flavour}} ${ARGN}
            -I "${own}" -I "${PROJECT_SOURCE_DIR}/kernels" -I "${PROJECT_SOURCE_DIR}/tests/hostcuda/include"
            -MD -MF "${depfile}" -MT "${object}" -c -o "${object}" -x c++ "${source}"
        DEPENDS "${source}" "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
        DEPFILE "${depfile}" COMMENT "${shown}" VERBATIM)
    # Modules name the library they import from, so that it is found again whatever way the program loaded it.
    add_custom_command(OUTPUT "${output}"
        COMMAND "${CMAKE_CXX_COMPILER}" -shared ${CUDASEARCH_HOST_LINK_FLAGS_${flavour}} -Wl,--no-undefined
            -o "${output}" "${object}" "$<TARGET_FILE:${library}>"
        DEPENDS "${object}" ${library} VERBATIM)
endfunction()

# Writes the one line that a build shows: what is made and by what, or why nothing is.
function(cudasearch_summarise_host_device file)
    if(CUDASEARCH_HAVE_HOST_COMPILER)
        file(WRITE "${file}" "host device: kernels to run and to check by g++ ${CUDASEARCH_GXX_VERSION}\n")
    else()
        file(WRITE "${file}"
            "no g++ 12 on Linux x86-64: the host device was not built; CUDA tests need it or a GPU; apt-get install g++\n")
    endif()
endfunction()
