#include "line_table.h"
#include <string.h>
#include <vector>

namespace hostcuda {

namespace {

// Numbers of the DWARF 5 specification, sections 6.2 and 7.22.
enum : uint64_t {
    form_data2 = 0x05, form_data4 = 0x06, form_data8 = 0x07, form_string = 0x08, form_block = 0x09, form_data1 = 0x0b,
    form_strp = 0x0e, form_udata = 0x0f, form_data16 = 0x1e, form_line_strp = 0x1f
};
enum : uint64_t { content_path = 1, content_directory = 2 };
enum : uint8_t {
    op_extended = 0, op_copy = 1, op_advance_pc = 2, op_advance_line = 3, op_set_file = 4, op_const_add_pc = 8, op_fixed_advance_pc = 9
};
enum : uint8_t { extended_end_sequence = 1, extended_set_address = 2 };

// Reads forward; beyond the end everything is 0.
struct Cursor {
    const unsigned char *at, *end;

    template <class T> T read() {
        T v = 0;
        if ((size_t)(end - at) < sizeof(T)) {
            at = end;
            return v;
        }
        memcpy(&v, at, sizeof(T));
        at += sizeof(T);
        return v;
    }
    void skip(uint64_t bytes) { at = bytes > (uint64_t)(end - at) ? end : at + bytes; }
    uint64_t uleb() {
        uint64_t v = 0;
        for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
            unsigned char b = *at++;
            v |= (uint64_t)(b & 0x7f) << shift;
            if (!(b & 0x80)) break;
        }
        return v;
    }
    int64_t sleb() {
        int64_t v = 0;
        unsigned shift = 0;
        unsigned char b = 0;
        while (at < end && shift < 64) {
            b = *at++;
            v |= (int64_t)(b & 0x7f) << shift;
            shift += 7;
            if (!(b & 0x80)) break;
        }
        return shift < 64 && b & 0x40 ? v | -((int64_t)1 << shift) : v;
    }
    const char* string() {
        const char* s = (const char*)at;
        while (at < end && *at) at++;
        if (at == end) return "";
        at++;
        return s;
    }
};

const char* string_at(Bytes section, uint64_t offset) { return offset < section.size ? (const char*)section.data + offset : ""; }

struct Entry {
    const char* path = "";
    uint64_t directory = 0;
};

struct Unit {
    const LineSections& sections;
    bool wide; // 64-bit DWARF
    std::vector<Entry> directories, files;

    uint64_t offset(Cursor& c) const { return wide ? c.read<uint64_t>() : c.read<uint32_t>(); }

    // One table of directories or files: its format, then its entries.
    std::vector<Entry> read_entries(Cursor& c) const {
        std::vector<std::pair<uint64_t, uint64_t>> format(c.read<uint8_t>());
        for (auto& [content, form] : format) content = c.uleb(), form = c.uleb();
        uint64_t count = c.uleb();
        std::vector<Entry> entries;
        for (uint64_t i = 0; i < count && c.at < c.end; i++) {
            Entry entry;
            for (auto& [content, form] : format) {
                const char* text = "";
                uint64_t number = 0;
                switch (form) {
                case form_string: text = c.string(); break;
                case form_line_strp: text = string_at(sections.line_strings, offset(c)); break;
                case form_strp: text = string_at(sections.strings, offset(c)); break;
                case form_data1: number = c.read<uint8_t>(); break;
                case form_data2: number = c.read<uint16_t>(); break;
                case form_data4: number = c.read<uint32_t>(); break;
                case form_data8: number = c.read<uint64_t>(); break;
                case form_udata: number = c.uleb(); break;
                case form_data16: c.skip(16); break;
                case form_block: c.skip(c.uleb()); break;
                default: return entries; // a form no compiler we know writes here
                }
                if (content == content_path) entry.path = text;
                if (content == content_directory) entry.directory = number;
            }
            entries.push_back(entry);
        }
        return entries;
    }

    std::string place(uint64_t file, uint64_t line) const {
        if (file >= files.size() || !line) return "";
        const Entry& entry = files[file];
        std::string name = entry.path;
        if (name[0] != '/' && entry.directory && entry.directory < directories.size())
            name = std::string(directories[entry.directory].path) + "/" + name;
        return name + ":" + std::to_string(line);
    }
};

struct Row {
    uint64_t address = 0, file = 1;
    int64_t line = 1;
};

// Runs a unit's line program until a row covers `address`.
std::string find_in_unit(const LineSections& sections, Cursor c, bool wide, uint64_t address) {
    Unit unit{sections, wide, {}, {}};
    if (c.read<uint16_t>() != 5) return "";
    c.skip(2); // sizes of addresses and segment selectors
    uint64_t header_length = unit.offset(c);
    Cursor program = {c.at, c.end};
    program.skip(header_length);
    uint8_t min_instruction = c.read<uint8_t>();
    c.skip(2); // operations per instruction, default is_stmt
    int8_t line_base = c.read<int8_t>();
    uint8_t line_range = c.read<uint8_t>(), opcode_base = c.read<uint8_t>();
    const unsigned char* operand_counts = c.at;
    c.skip(opcode_base ? opcode_base - 1u : 0u);
    if (!line_range || c.at == c.end) return "";
    unit.directories = unit.read_entries(c);
    unit.files = unit.read_entries(c);

    Row row, last;
    bool open = false; // `last` is a row of the current sequence
    auto covers = [&](uint64_t next) { return open && last.address <= address && address < next; };
    for (c = program; c.at < c.end;) {
        uint8_t opcode = c.read<uint8_t>();
        bool emit = false;
        if (opcode >= opcode_base) {
            row.address += (uint64_t)((opcode - opcode_base) / line_range) * min_instruction;
            row.line += line_base + (opcode - opcode_base) % line_range;
            emit = true;
        } else if (opcode == op_extended) {
            uint64_t length = c.uleb();
            Cursor operands = {c.at, c.end};
            c.skip(length);
            uint8_t kind = operands.read<uint8_t>();
            if (kind == extended_set_address) row.address = operands.read<uint64_t>();
            if (kind == extended_end_sequence) {
                if (covers(row.address)) return unit.place(last.file, (uint64_t)last.line);
                row = Row();
                open = false;
            }
        } else {
            switch (opcode) {
            case op_copy: emit = true; break;
            case op_advance_pc: row.address += c.uleb() * min_instruction; break;
            case op_advance_line: row.line += c.sleb(); break;
            case op_set_file: row.file = c.uleb(); break;
            case op_const_add_pc: row.address += (uint64_t)((255 - opcode_base) / line_range) * min_instruction; break;
            case op_fixed_advance_pc: row.address += c.read<uint16_t>(); break;
            default:
                for (uint8_t i = 0; i < operand_counts[opcode - 1]; i++) c.uleb();
            }
        }
        if (!emit) continue;
        if (covers(row.address)) return unit.place(last.file, (uint64_t)last.line);
        last = row;
        open = true;
    }
    return "";
}

} // namespace

std::string find_line(const LineSections& sections, uint64_t address) {
    Cursor c = {sections.lines.data, sections.lines.data + sections.lines.size};
    while (c.at < c.end) {
        uint64_t length = c.read<uint32_t>();
        bool wide = length == 0xffffffff;
        if (wide) length = c.read<uint64_t>();
        Cursor unit = c;
        c.skip(length);
        unit.end = c.at;
        std::string place = find_in_unit(sections, unit, wide, address);
        if (!place.empty()) return place;
    }
    return "";
}

} // namespace hostcuda
