using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace CudaSearch.Tokenization;

/// <summary>
/// Unicode normalization form C. Ours, because with globalization invariant, as this program runs, string.Normalize returns its input as
/// it is, and otherwise it asks for an ICU that a bare machine lacks.
/// </summary>
internal static class Nfc
{
    // Hangul syllables are composed by arithmetic (Unicode 3.12).
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int Leads = 19, Vowels = 21, Tails = 28, Syllables = Leads * Vowels * Tails;

    private static readonly Lazy<Tables> s_tables = new(Tables.Parse);

    /// <summary>The well-formed text in form C.</summary>
    public static string Compose(string text)
    {
        // Nothing below U+0300 combines or is decomposed for good.
        if (text.AsSpan().IndexOfAnyExceptInRange('\0', '\u02FF') < 0) return text;
        Tables tables = s_tables.Value;
        List<int> characters = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes()) Decompose(rune.Value, characters, tables);
        Order(characters, tables);
        Compose(characters, tables);
        StringBuilder composed = new(characters.Count);
        foreach (int character in characters) composed.Append(new Rune(character));
        return composed.ToString();
    }

    private static void Decompose(int character, List<int> to, Tables tables)
    {
        int syllable = character - SyllableBase;
        if ((uint)syllable < Syllables)
        {
            to.Add(LeadBase + syllable / (Vowels * Tails));
            to.Add(VowelBase + syllable / Tails % Vowels);
            if (syllable % Tails != 0) to.Add(TailBase + syllable % Tails);
        }
        else if (tables.Decompositions.TryGetValue(character, out (int First, int Second) parts))
        {
            Decompose(parts.First, to, tables);
            if (parts.Second != 0) Decompose(parts.Second, to, tables);
        }
        else
        {
            to.Add(character);
        }
    }

    /// <summary>Sorts every run of combining characters by class, equal ones in their order.</summary>
    private static void Order(List<int> characters, Tables tables)
    {
        for (int start = 0; start < characters.Count; start++)
        {
            if (tables.Class(characters[start]) == 0) continue;
            int end = start + 1;
            while (end < characters.Count && tables.Class(characters[end]) != 0) end++;
            // OrderBy is stable and n log n: a thousand marks on one letter are no trap.
            if (end - start > 1)
            {
                int[] sorted = [.. characters.GetRange(start, end - start).OrderBy(tables.Class)];
                for (int i = 0; i < sorted.Length; i++) characters[start + i] = sorted[i];
            }
            start = end;
        }
    }

    /// <summary>Joins every character with the last starter before it unless something of its class or a higher one stands between.</summary>
    private static void Compose(List<int> characters, Tables tables)
    {
        int kept = 0, starter = -1, blocking = -1;
        foreach (int character in CollectionsMarshal.AsSpan(characters))
        {
            int order = tables.Class(character);
            if (starter >= 0 && blocking < order && TryJoin(characters[starter], character, tables, out int whole))
            {
                characters[starter] = whole;
                continue;
            }
            blocking = order;
            if (order == 0)
            {
                starter = kept;
                blocking = -1;
            }
            characters[kept++] = character;
        }
        characters.RemoveRange(kept, characters.Count - kept);
    }

    private static bool TryJoin(int first, int second, Tables tables, out int whole)
    {
        int lead = first - LeadBase, vowel = second - VowelBase;
        if ((uint)lead < Leads && (uint)vowel < Vowels)
        {
            whole = SyllableBase + (lead * Vowels + vowel) * Tails;
            return true;
        }
        int syllable = first - SyllableBase, tail = second - TailBase;
        if ((uint)syllable < Syllables && syllable % Tails == 0 && tail is > 0 and < Tails)
        {
            whole = first + tail;
            return true;
        }
        return tables.Compositions.TryGetValue((first, second), out whole);
    }

    private sealed class Tables
    {
        private readonly Dictionary<int, int> _classes = [];

        /// <summary>Whole → its parts; the second is 0 where there is one only.</summary>
        public Dictionary<int, (int First, int Second)> Decompositions { get; } = [];

        public Dictionary<(int First, int Second), int> Compositions { get; } = [];

        public int Class(int character) => character < 0x300 ? 0 : _classes.GetValueOrDefault(character);

        public static Tables Parse()
        {
            Tables tables = new();
            foreach (string entry in Entries(NfcData.CombiningClasses))
            {
                string[] fields = entry.Split('-', ':');
                for (int character = Hex(fields[0]); character <= Hex(fields[^2]); character++) tables._classes[character] = int.Parse(fields[^1]);
            }
            foreach (string entry in Entries(NfcData.Decompositions))
            {
                string[] fields = entry.Split('=', '!', '+');
                int whole = Hex(fields[0]), first = Hex(fields[1]), second = fields.Length > 2 ? Hex(fields[2]) : 0;
                tables.Decompositions[whole] = (first, second);
                if (entry.Contains('=')) tables.Compositions[(first, second)] = whole;
            }
            return tables;
        }

        private static string[] Entries(string table) => table.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);

        private static int Hex(string number) => int.Parse(number, NumberStyles.HexNumber);
    }
}
