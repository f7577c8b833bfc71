# The native CPU kernels: one shared library, a file for each instruction set; which of them a processor can run is asked at run time.
include_guard(GLOBAL)

set(CUDASEARCH_CPU_FLAGS -std=c++17 -O3 -fPIC -fvisibility=hidden -ffp-contract=off -Wall -Wextra
    # GCC's own intrinsics start from registers that they leave undefined.
    -Wno-uninitialized -Wno-maybe-uninitialized -Wno-ignored-attributes)
set(CUDASEARCH_AVX512_FLAGS -mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl)

# Sets CUDASEARCH_HAVE_CPU_COMPILER and, where there is none, CUDASEARCH_CPU_KERNELS_SUMMARY. A macro: languages are not enabled in functions.
macro(cudasearch_enable_cpu_compiler)
    include(CheckLanguage)
    check_language(CXX)
    set(CUDASEARCH_HAVE_CPU_COMPILER OFF)
    if(NOT CMAKE_CXX_COMPILER)
        unset(CMAKE_CXX_COMPILER CACHE) # so that one installed later is found
        set(CUDASEARCH_CPU_KERNELS_SUMMARY "no C++ compiler: native CPU kernels were not built; managed ones work; apt-get install g++")
    else()
        enable_language(CXX)
        if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
            set(CUDASEARCH_HAVE_CPU_COMPILER ON)
        else()
            set(CUDASEARCH_CPU_KERNELS_SUMMARY "native CPU kernels need g++ or clang++ for x86-64 and were not built; managed ones work")
        endif()
    endif()
endmacro()

cudasearch_enable_cpu_compiler()

# cudasearch_add_cpu_kernels(NAME dir): target NAME makes dir/cudasearch-cpu.so (.dylib, .dll).
function(cudasearch_add_cpu_kernels name output_directory)
    if(NOT CUDASEARCH_HAVE_CPU_COMPILER)
        return()
    endif()
    set(folder "${PROJECT_SOURCE_DIR}/kernels/cpu")
    add_library(${name} MODULE "${folder}/library.cpp" "${folder}/avx2.cpp" "${folder}/avx512.cpp" "${folder}/avx512_bf16.cpp"
        "${folder}/avx512_int8.cpp" "${folder}/amx_bf16.cpp")
    target_compile_options(${name} PRIVATE ${CUDASEARCH_CPU_FLAGS})
    set_source_files_properties("${folder}/avx2.cpp" PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma")
    set_source_files_properties("${folder}/avx512.cpp" PROPERTIES COMPILE_OPTIONS "${CUDASEARCH_AVX512_FLAGS}")
    set_source_files_properties("${folder}/avx512_bf16.cpp" PROPERTIES COMPILE_OPTIONS "${CUDASEARCH_AVX512_FLAGS};-mavx512bf16")
    set_source_files_properties("${folder}/avx512_int8.cpp" PROPERTIES COMPILE_OPTIONS "${CUDASEARCH_AVX512_FLAGS};-mavx512vnni")
    set_source_files_properties("${folder}/amx_bf16.cpp" PROPERTIES COMPILE_OPTIONS "${CUDASEARCH_AVX512_FLAGS};-mavx512bf16;-mamx-tile;-mamx-bf16")
    set_target_properties(${name} PROPERTIES PREFIX "" OUTPUT_NAME cudasearch-cpu LIBRARY_OUTPUT_DIRECTORY "${output_directory}")
    if(APPLE)
        set_target_properties(${name} PROPERTIES SUFFIX .dylib)
    endif()
    set(CUDASEARCH_CPU_KERNELS_SUMMARY
        "CPU kernels: AMX BF16, AVX-512 BF16, AVX-512 VNNI, AVX-512 and AVX2 by ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" PARENT_SCOPE)
endfunction()
