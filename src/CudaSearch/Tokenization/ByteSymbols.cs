namespace CudaSearch.Tokenization;

/// <summary>
/// The spelling of bytes in byte-level vocabularies (GPT-2's): printable Latin-1 stands for itself, the other 68 bytes for U+0100 onwards
/// in order, so that every token is a visible string.
/// </summary>
internal static class ByteSymbols
{
    private static readonly char[] s_symbols = MakeSymbols();
    private static readonly Dictionary<char, byte> s_bytes =
        Enumerable.Range(0, 256).ToDictionary(value => s_symbols[value], value => (byte)value);

    /// <summary>The character that spells this byte.</summary>
    public static char Of(byte value) => s_symbols[value];

    /// <summary>The bytes of a spelled token, or null if a character of it spells none.</summary>
    public static byte[]? TryParse(string token)
    {
        byte[] bytes = new byte[token.Length];
        for (int i = 0; i < bytes.Length; i++)
            if (!s_bytes.TryGetValue(token[i], out bytes[i])) return null;
        return bytes;
    }

    private static char[] MakeSymbols()
    {
        char[] symbols = new char[256];
        char stand = '\u0100';
        for (int value = 0; value < 256; value++)
            symbols[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : stand++;
        return symbols;
    }
}
