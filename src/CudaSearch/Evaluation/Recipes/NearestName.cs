namespace CudaSearch.Evaluation.Recipes;

/// <summary>Which name somebody probably meant.</summary>
public static class NearestName
{
    /// <summary>
    /// The name with the fewest edits (insert, delete, replace, swap of neighbours; Damerau 1964) to <paramref name="word"/>; null when
    /// even that one is far off.
    /// </summary>
    public static string? Of(string word, IEnumerable<string> names)
    {
        string normal = Normal(word);
        (string? best, int distance) = (null, int.MaxValue);
        foreach (string name in names)
        {
            int edits = Distance(normal, Normal(name));
            if (edits < distance) (best, distance) = (name, edits);
        }
        return distance <= Math.Max(2, normal.Length / 3) ? best : null;
    }

    private static string Normal(string name) => name.TrimStart('-').Replace('-', '_').ToLowerInvariant();

    internal static int Distance(string a, string b)
    {
        int[,] edits = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) edits[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) edits[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = edits[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                edits[i, j] = Math.Min(replaced, Math.Min(edits[i - 1, j], edits[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    edits[i, j] = Math.Min(edits[i, j], edits[i - 2, j - 2] + 1);
            }
        }
        return edits[a.Length, b.Length];
    }
}
