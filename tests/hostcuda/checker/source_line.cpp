#include "source_line.h"
#include "line_table.h"
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hostcuda {

namespace {

// A file, mapped for as long as the object lives.
class MappedFile {
public:
    explicit MappedFile(const char* path) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        struct stat status;
        if (file >= 0 && !fstat(file, &status)) {
            void* p = mmap(nullptr, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
            if (p != MAP_FAILED) _bytes = {(const unsigned char*)p, (size_t)status.st_size};
        }
        if (file >= 0) close(file);
    }
    ~MappedFile() {
        if (_bytes.data) munmap((void*)_bytes.data, _bytes.size);
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    Bytes section(const char* name) const {
        if (_bytes.size < sizeof(Elf64_Ehdr) || memcmp(_bytes.data, ELFMAG, SELFMAG)) return {};
        auto* header = (const Elf64_Ehdr*)_bytes.data;
        auto* sections = (const Elf64_Shdr*)(_bytes.data + header->e_shoff);
        if (header->e_shoff + header->e_shnum * sizeof(Elf64_Shdr) > _bytes.size || header->e_shstrndx >= header->e_shnum) return {};
        const char* names = (const char*)_bytes.data + sections[header->e_shstrndx].sh_offset;
        for (int i = 0; i < header->e_shnum; i++)
            if (!strcmp(names + sections[i].sh_name, name) && !(sections[i].sh_flags & SHF_COMPRESSED))
                return {_bytes.data + sections[i].sh_offset, sections[i].sh_size};
        return {};
    }

private:
    Bytes _bytes;
};

} // namespace

std::string without_way_up(std::string path) {
    while (path.compare(0, 3, "../") == 0) path.erase(0, 3);
    return path;
}

std::string source_line(const void* return_address) {
    const char* call = (const char*)return_address - 1;
    dl_find_object found;
    if (_dl_find_object((void*)call, &found)) return "an unknown place";
    const char* path = found.dlfo_link_map->l_name;
    uint64_t offset = (uint64_t)call - found.dlfo_link_map->l_addr;
    MappedFile file(*path ? path : "/proc/self/exe");
    std::string line = find_line({file.section(".debug_line"), file.section(".debug_line_str"), file.section(".debug_str")}, offset);
    if (!line.empty()) return without_way_up(line);
    char text[32];
    snprintf(text, sizeof text, "+0x%llx", (unsigned long long)offset);
    return path + std::string(text);
}

} // namespace hostcuda
