#include "module_image.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace hostcuda::driver {

constexpr uint32_t fatbin_magic = 0xBA55ED50;

static LoadedImage refuse(CUresult code, std::string log) { return {code, nullptr, std::move(log)}; }

// The end of the last thing that the headers mention.
static size_t elf_size(const char* image) {
    const auto* header = reinterpret_cast<const Elf64_Ehdr*>(image);
    size_t size = header->e_shoff + static_cast<size_t>(header->e_shnum) * header->e_shentsize;
    const auto* segments = reinterpret_cast<const Elf64_Phdr*>(image + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++) size = std::max<size_t>(size, segments[i].p_offset + segments[i].p_filesz);
    return size;
}

static LoadedImage refuse_other_format(const char* image) {
    uint32_t magic;
    memcpy(&magic, image, sizeof magic);
    if (magic == fatbin_magic) return refuse(CUDA_ERROR_NO_BINARY_FOR_GPU, "a fat binary holds no code for the host device");
    bool text = std::all_of(image, image + sizeof magic, [](unsigned char c) { return c >= ' ' || c == '\t' || c == '\n' || c == '\r'; });
    const char* version = text ? strstr(image, ".version") : nullptr;
    if (!version) return refuse(CUDA_ERROR_INVALID_IMAGE, "neither an ELF file nor PTX");
    auto line = 1 + std::count(image, version, '\n');
    return refuse(CUDA_ERROR_INVALID_PTX, "line " + std::to_string(line) + "; error: PTX does not run on the host device; "
                                          "give it the module that the host compiler built from the same kernel file");
}

// dlopen goes by name first: were the file closed, the next one would get its number and dlopen would answer with the old library.
// It therefore stays open, which also lets debuggers and sanitizers read it.
static LoadedImage map_library(const std::string& content) {
    int file = memfd_create("hostcuda-module", MFD_CLOEXEC);
    if (file < 0 || write(file, content.data(), content.size()) != static_cast<ssize_t>(content.size())) {
        if (file >= 0) close(file);
        return refuse(CUDA_ERROR_OUT_OF_MEMORY, "no room for the module's image");
    }
    std::string path = "/proc/self/fd/" + std::to_string(file);
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) return refuse(CUDA_ERROR_INVALID_IMAGE, dlerror());
    auto* find_table = reinterpret_cast<hostcuda_module_function*>(dlsym(library, hostcuda_module_symbol));
    if (!find_table) return refuse(CUDA_ERROR_INVALID_IMAGE, std::string("a shared library without ") + hostcuda_module_symbol);
    const hostcuda::Module* table = find_table();
    if (table->abi != hostcuda::module_abi) {
        return refuse(CUDA_ERROR_INVALID_IMAGE, "the module was built with headers of ABI " + std::to_string(table->abi) +
                                                ", the host device has ABI " + std::to_string(hostcuda::module_abi));
    }
    return {CUDA_SUCCESS, table, {}};
}

LoadedImage load_image(const void* data) {
    const char* image = static_cast<const char*>(data);
    if (memcmp(image, ELFMAG, SELFMAG)) return refuse_other_format(image);
    const auto* header = reinterpret_cast<const Elf64_Ehdr*>(image);
    if (header->e_machine != EM_X86_64 || header->e_ident[EI_CLASS] != ELFCLASS64) {
        return refuse(CUDA_ERROR_NO_BINARY_FOR_GPU, "an ELF file for another machine (" + std::to_string(header->e_machine) + ")");
    }
    if (header->e_type != ET_DYN) return refuse(CUDA_ERROR_INVALID_IMAGE, "an ELF file, but not a shared library");

    static auto& known = *new std::unordered_map<std::string, const hostcuda::Module*>;
    std::string content(image, elf_size(image));
    auto found = known.find(content);
    if (found != known.end()) return {CUDA_SUCCESS, found->second, {}};
    LoadedImage loaded = map_library(content);
    if (loaded.table) known.emplace(std::move(content), loaded.table);
    return loaded;
}

}
