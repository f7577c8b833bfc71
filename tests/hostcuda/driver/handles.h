// Tables from the handles that callers hold to the objects behind them. A handle is a number that is given out once in the life of the
// process and never reused: a stale handle, or one of another kind, is found out instead of reaching a younger object.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

namespace hostcuda::driver {

// The next unused handle value; called under the device's lock.
uintptr_t next_handle_value();

template <class Handle, class Object>
class HandleTable {
public:
    Handle add(std::shared_ptr<Object> object) {
        auto handle = reinterpret_cast<Handle>(next_handle_value());
        _objects.emplace(handle, std::move(object));
        return handle;
    }

    // Null where the handle was never given out or is gone.
    std::shared_ptr<Object> find(Handle handle) const {
        auto found = _objects.find(handle);
        return found == _objects.end() ? nullptr : found->second;
    }

    // Forgets the handle; the object itself lives as long as queued work still holds it.
    std::shared_ptr<Object> remove(Handle handle) {
        auto found = _objects.find(handle);
        if (found == _objects.end()) return nullptr;
        auto object = std::move(found->second);
        _objects.erase(found);
        return object;
    }

    template <class Condition>
    void remove_where(Condition condition) {
        for (auto entry = _objects.begin(); entry != _objects.end();) {
            entry = condition(*entry->second) ? _objects.erase(entry) : std::next(entry);
        }
    }

    template <class Visitor>
    void for_each(Visitor visit) const {
        for (const auto& entry : _objects) visit(*entry.second);
    }

    size_t size() const { return _objects.size(); }

private:
    std::unordered_map<Handle, std::shared_ptr<Object>> _objects;
};

}
