using System.Collections;

namespace CudaSearch.Search;

/// <summary>A list that disposes what leaves it, and what is left in it when it is disposed itself.</summary>
internal sealed class OwnedList<T> : IReadOnlyList<T>, IDisposable
    where T : IDisposable
{
    private readonly List<T> _items = [];

    public int Count => _items.Count;

    public T this[int index] => _items[index];

    public void Add(T item) => _items.Add(item);

    /// <summary>Disposes and removes all items that fail the test; the rest stay in order.</summary>
    public void Keep(Predicate<T> test) => _items.RemoveAll(item =>
    {
        if (test(item)) return false;
        item.Dispose();
        return true;
    });

    /// <summary>Replaces all items by new ones made from them. When making one fails, the list owns the old and those made so far.</summary>
    public void Replace(IEnumerable<Func<T>> makers)
    {
        int old = _items.Count;
        foreach (Func<T> make in makers) _items.Add(make());
        for (int i = 0; i < old; i++) _items[i].Dispose();
        _items.RemoveRange(0, old);
    }

    public IEnumerator<T> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
        foreach (T item in _items) item.Dispose();
        _items.Clear();
    }
}
