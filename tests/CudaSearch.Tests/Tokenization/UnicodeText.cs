using System.Text;
using CsCheck;

namespace CudaSearch.Tests.Tokenization;

/// <summary>Random well-formed Unicode.</summary>
internal static class UnicodeText
{
    private static readonly Gen<Rune> s_rune = Gen.Frequency<int>(
        (6, Gen.Int[' ', '~']),
        (2, Gen.OneOf<int>(' ', ' ', '\n', '\r', '\t', 0xA0, 0x3000, '\'', 's', '1', '2', '<', '|', '>')),
        (2, Gen.Int[0, 0x7FF]),
        (2, Gen.OneOf<int>(Gen.Int[0x800, 0xD7FF], Gen.Int[0xE000, 0xFFFF])),
        (2, Gen.Int[0x10000, 0x10FFFF])).Select(value => new Rune(value));

    /// <summary>Up to 60 characters of all kinds, often white space, quotes and digits, where splitting is delicate.</summary>
    public static readonly Gen<string> Any = s_rune.Array[0, 60].Select(runes => string.Concat(runes));
}
