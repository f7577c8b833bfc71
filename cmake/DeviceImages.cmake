# Device images: what a GPU's driver loads. clang 19 or newer makes PTX without a CUDA SDK; nvcc, where there is one, makes fat binaries.
# Both compile with contraction off: a product and a sum are fused where the source says fmaf and nowhere else, so that a row's arithmetic
# is the same in every template variant, and on the host device.
include_guard(GLOBAL)

set(CUDASEARCH_PTX_TARGETS sm_80 sm_89 sm_90a)
set(CUDASEARCH_CLANG_FLAGS -x cuda --cuda-device-only -nocudainc -nocudalib -std=c++17 -O3 -ffp-contract=off -fno-strict-aliasing -Wall
    # Without an SDK to ask, clang assumes a PTX too old for shfl.sync. 8.4 is what every driver since CUDA 12.4 reads.
    --cuda-feature=+ptx84)
set(CUDASEARCH_NVCC_FLAGS -std=c++17 -O3 -fmad=false
    -gencode arch=compute_80,code=[sm_80,compute_80] -gencode arch=compute_89,code=sm_89 -gencode arch=compute_90a,code=sm_90a)

# The version that COMPILER reports, or "" when it does not run. PATTERN holds the version in its first group.
function(cudasearch_compiler_version compiler pattern result)
    execute_process(COMMAND "${compiler}" --version OUTPUT_VARIABLE text ERROR_QUIET)
    if(text MATCHES "${pattern}")
        set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
    else()
        set(${result} "" PARENT_SCOPE)
    endif()
endfunction()

# Sets CUDASEARCH_CLANG_VERSION (empty: none), after the compiler has shown that it can make PTX.
function(cudasearch_find_clang)
    # 19 first: it is the one the results were checked with.
    find_program(CUDASEARCH_CLANG NAMES clang++-19 clang++-20 clang++-21 clang++-22 clang++ DOC "clang++ 19 or newer, for PTX")
    set(version "")
    if(CUDASEARCH_CLANG)
        cudasearch_compiler_version("${CUDASEARCH_CLANG}" "clang version ([0-9]+)" version)
        if(version AND version VERSION_GREATER_EQUAL 19)
            file(WRITE "${CMAKE_BINARY_DIR}/probe.cu" "__attribute__((global)) void probe() {}\n")
            execute_process(
                COMMAND "${CUDASEARCH_CLANG}" ${CUDASEARCH_CLANG_FLAGS} --cuda-gpu-arch=sm_90a -S probe.cu -o probe.ptx
                WORKING_DIRECTORY "${CMAKE_BINARY_DIR}" RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
        endif()
        if(NOT DEFINED status OR NOT status EQUAL 0)
            set(version "")
            unset(CUDASEARCH_CLANG CACHE) # so that one installed later is found
        endif()
    endif()
    set(CUDASEARCH_CLANG_VERSION "${version}" PARENT_SCOPE)
endfunction()

# Sets CUDASEARCH_NVCC_VERSION (empty: none, or not wanted).
function(cudasearch_find_nvcc)
    set(version "")
    if(NOT CUDASEARCH_NVCC STREQUAL "OFF")
        find_program(CUDASEARCH_NVCC_COMPILER NAMES nvcc PATHS ENV CUDA_PATH ENV CUDA_HOME /usr/local/cuda PATH_SUFFIXES bin
            DOC "nvcc 12.4 or newer, for fat binaries")
        if(CUDASEARCH_NVCC_COMPILER)
            cudasearch_compiler_version("${CUDASEARCH_NVCC_COMPILER}" "release ([0-9]+\\.[0-9]+)" version)
            if(NOT version OR version VERSION_LESS 12.4)
                set(version "")
                unset(CUDASEARCH_NVCC_COMPILER CACHE)
            endif()
        endif()
        if(NOT version AND CUDASEARCH_NVCC STREQUAL "ON")
            message(FATAL_ERROR "CUDASEARCH_NVCC is ON, but no nvcc 12.4 or newer was found; put it on the PATH or set CUDA_PATH")
        endif()
    endif()
    set(CUDASEARCH_NVCC_VERSION "${version}" PARENT_SCOPE)
endfunction()

cudasearch_find_clang()
cudasearch_find_nvcc()

# cudasearch_add_device_images(NAME OUTPUT_DIRECTORY dir SOURCES a.cu …): target NAME makes dir/<target>/a.ptx and dir/fatbin/a.fatbin.
# Sources in a folder `hopper` are for sm_90a alone. Images of sources that are gone are removed.
function(cudasearch_add_device_images name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "OUTPUT_DIRECTORY" "SOURCES")
    set(images "")
    foreach(source IN LISTS arg_SOURCES)
        get_filename_component(op "${source}" NAME_WE)
        set(targets ${CUDASEARCH_PTX_TARGETS})
        if(source MATCHES "/hopper/")
            set(targets sm_90a)
        endif()
        if(CUDASEARCH_CLANG_VERSION)
            foreach(target IN LISTS targets)
                cudasearch_add_image("${source}" "${arg_OUTPUT_DIRECTORY}/${target}/${op}.ptx"
                    "${CUDASEARCH_CLANG}" ${CUDASEARCH_CLANG_FLAGS} --cuda-gpu-arch=${target} -S)
                list(APPEND images "${arg_OUTPUT_DIRECTORY}/${target}/${op}.ptx")
            endforeach()
        endif()
        if(CUDASEARCH_NVCC_VERSION)
            cudasearch_add_image("${source}" "${arg_OUTPUT_DIRECTORY}/fatbin/${op}.fatbin"
                "${CUDASEARCH_NVCC_COMPILER}" ${CUDASEARCH_NVCC_FLAGS} -fatbin)
            list(APPEND images "${arg_OUTPUT_DIRECTORY}/fatbin/${op}.fatbin")
        endif()
    endforeach()
    cudasearch_remove_others("${arg_OUTPUT_DIRECTORY}/*/*.ptx;${arg_OUTPUT_DIRECTORY}/*/*.fatbin" "${images}")
    add_custom_target(${name} ALL DEPENDS ${images})
endfunction()

# One image: COMMAND… with the source, the output and a list of the headers it read.
function(cudasearch_add_image source output compiler)
    file(RELATIVE_PATH shown "${CUDASEARCH_ARTIFACTS}" "${output}")
    set(depfile "${CMAKE_BINARY_DIR}/objects/${shown}.d")
    foreach(file IN ITEMS "${output}" "${depfile}")
        get_filename_component(folder "${file}" DIRECTORY)
        file(MAKE_DIRECTORY "${folder}")
    endforeach()
    add_custom_command(OUTPUT "${output}"
        COMMAND "${compiler}" ${ARGN} -I "${PROJECT_SOURCE_DIR}/kernels" -MD -MF "${depfile}" -o "${output}" "${source}"
        # The file of the flags too: Make, unlike Ninja, does not see that a command changed.
        DEPENDS "${source}" "${compiler}" "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
        DEPFILE "${depfile}" COMMENT "${shown}" VERBATIM)
endfunction()

# Removes the files that match PATTERNS and are not in KEPT.
function(cudasearch_remove_others patterns kept)
    file(GLOB present ${patterns})
    list(REMOVE_ITEM present ${kept} "")
    if(present)
        file(REMOVE ${present})
    endif()
endfunction()

# Writes the one line that a build shows: what is made and by what, or why nothing is.
function(cudasearch_summarise_images file)
    set(parts "")
    if(CUDASEARCH_CLANG_VERSION)
        list(JOIN CUDASEARCH_PTX_TARGETS ", " targets)
        list(APPEND parts "PTX for ${targets} by clang ${CUDASEARCH_CLANG_VERSION}")
    endif()
    if(CUDASEARCH_NVCC_VERSION)
        list(APPEND parts "fat binaries by nvcc ${CUDASEARCH_NVCC_VERSION}")
    endif()
    if(parts)
        list(JOIN parts "; " made)
        file(WRITE "${file}" "CUDA kernels: ${made}\n")
    else()
        file(WRITE "${file}"
            "no clang 19 and no nvcc 12.4: CUDA kernels were not built; the CPU backend works; apt-get install clang-19\n")
    endif()
endfunction()
