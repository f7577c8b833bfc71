using System.Security.Cryptography;
using System.Text;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Tokenization;

/// <summary>Unicode normalization form C against Python's unicodedata.</summary>
public sealed class NfcTests
{
    // Python 3.11, for every c of [0, 0x20000) and [0x2F800, 0x2FA20) but surrogates:
    //   sha256.update(unicodedata.normalize("NFC", chr(c) + "\u0301\u0323" + chr(c) + "\u1161\u11a8\u0338").encode())
    private const string Expected = "773620989DEFF03726F81DEB2BF92D6291AE3EFD247A2156C979EF4439C758A7";

    [Fact]
    public void EveryCharacterComposesAsInPython()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (int c in Enumerable.Range(0, 0x20000).Concat(Enumerable.Range(0x2F800, 0x220)))
        {
            if (c is >= 0xD800 and < 0xE000) continue;
            string character = char.ConvertFromUtf32(c);
            hash.AppendData(Encoding.UTF8.GetBytes(Nfc.Compose($"{character}\u0301\u0323{character}\u1161\u11A8\u0338")));
        }
        Assert.Equal(Expected, Convert.ToHexString(hash.GetHashAndReset()));
    }

    [Theory]
    [InlineData("e\u0301", "é")]
    [InlineData("\u212B", "Å")]
    [InlineData("s\u0307\u0323", "\u1E69")]
    [InlineData("\u1112\u1161\u11AB", "한")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("plain", "plain")]
    public void KnownCases(string text, string composed) => Assert.Equal(composed, Nfc.Compose(text));

    [Fact]
    public void ComposingTwiceChangesNothing() => CsCheck.Check.Sample(UnicodeText.Any, text => Assert.Equal(Nfc.Compose(text), Nfc.Compose(Nfc.Compose(text))), iter: 2000);
}
