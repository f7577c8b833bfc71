using System.Text;
using CudaSearch.Engine;
using CudaSearch.Tokenization;

namespace CudaSearch.Tests.Engine;

/// <summary>Where a text is cut and which ids remain, with a model that says what the test wants, token by token.</summary>
public sealed class StopTextTests
{
    private const string End = "<|end|>", OtherEnd = "<|other|>";
    private static readonly GenerationOptions s_greedy = new() { Temperature = 0, MaxTokens = 100 };

    public static TheoryData<string, string[]> Texts() => new()
    {
        { "\n\n", ["ab", "c.\n\n", "d", "e"] },            // the token ends with it
        { "\n\n", ["ab", "c.\n\nx", "d", "e"] },           // inside a token
        { "\n\n", ["ab\n", "\ncd", "e"] },                 // across two
        { "\n\n", ["ab\n", "\n", "cd"] },
        { "abcdef", ["xab", "cd", "efg", "h"] },           // across three
        { "aab", ["a", "aa", "b", "c"] },                  // begins anew within itself
        { "\n\n", ["a\n\n\n\nb", "c"] },                   // the first of several
        { "\n\n", ["x\n", "\n\n", "y"] },
        { "é", ["a", "\u00e9b", "c"] },
        { "zz", ["a", "b", "c"] },                         // never comes
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public Task CutsRightAfterTheFirstOccurrence(string stop, string[] pieces) => Check([.. pieces.Select(Encoding.UTF8.GetBytes)], stop);

    // "é" is C3 A9, "🙂" F0 9F 99 82: characters in several tokens before, after and around the cut, and bytes that never become one.
    [Theory]
    [InlineData("\n\n", "61C3", "A90A", "0A62", "63")]
    [InlineData("\n\n", "61", "0A0AC3", "A962", "63")]     // the token that ends the stop text begins a character
    [InlineData("\n\n", "F09F", "99", "820A0A", "63")]
    [InlineData("\n\n", "F09F", "99820A0AF0", "9F99", "82")]
    [InlineData("🙂", "61F0", "9F9982", "62")]
    [InlineData("🙂", "61F0", "9F99", "8262", "63")]
    [InlineData("b", "61", "F09F", "6263", "64")]          // a character that is never finished
    public Task CutsAmongCharactersOfSeveralTokens(string stop, params string[] hex) => Check([.. hex.Select(Convert.FromHexString)], stop);

    [Fact]
    public async Task CutsRandomTextsRight()
    {
        string[] bits = ["a", "b", ".", "\n", "\n", "\n\n", "é", "🙂"];
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 40).Select(_ => bits[random.Next(bits.Length)])));
            var pieces = new List<byte[]>();
            for (int at = 0; at < text.Length;)
            {
                int length = Math.Min(random.Next(1, 6), text.Length - at);
                byte[] piece = text[at..(at + length)];
                at += length;
                if (!pieces.Any(known => known.AsSpan().SequenceEqual(piece))) pieces.Add(piece);
            }
            await Check([.. pieces], "\n\n", "a\n", "🙂", "é.");
        }
    }

    [Fact]
    public async Task AnEndTokenOrALimitStopsToo()
    {
        (EngineFixture fixture, int[] ids, int start) = Open([[.. "ab"u8], [.. "cd"u8], [.. "ef"u8]], endAfter: 3);
        using (fixture)
        {
            using Sequence sequence = fixture.Engine.CreateSequence([start]);
            Assert.Equal(new GenerationResult("ab", StopReason.Length, 1), await fixture.GenerateAsync(sequence, s_greedy with { MaxTokens = 1 }));
            Assert.Equal(new GenerationResult("cdef", StopReason.EndOfSequence, 3), await fixture.GenerateAsync(sequence, s_greedy));
            Assert.Equal([start, .. ids[..3]], sequence.Tokens.ToArray());
        }
        (fixture, ids, start) = Open([[.. "ab"u8], [0xC3]], endAfter: 2, otherEnd: true);
        using (fixture)
        {
            using Sequence sequence = fixture.Engine.CreateSequence([start]);
            Assert.Equal(new GenerationResult("ab\uFFFD", StopReason.OtherEnd, 3), await fixture.GenerateAsync(sequence, s_greedy));
        }
    }

    [Fact]
    public async Task TheContextEndsAGeneration()
    {
        byte[][] pieces = [.. Enumerable.Range(0, 20).Select(i => Encoding.UTF8.GetBytes($"<{i}>"))];
        (EngineFixture fixture, int[] _, int start) = Open(pieces, context: 10);
        using (fixture)
        {
            using Sequence sequence = fixture.Engine.CreateSequence([start]);
            GenerationResult result = await fixture.GenerateAsync(sequence, s_greedy);
            Assert.Equal((StopReason.Length, 9, "<8>"), (result.Reason, result.GeneratedTokens, result.Text[^3..]));
            Assert.Equal(new GenerationResult("", StopReason.Length, 0), await fixture.GenerateAsync(sequence, s_greedy));
            Assert.Throws<CudaSearchException>(() => sequence.Append([1]));
        }
    }

    // Checkpoints pad their output matrix: an id beyond the tokenizer's says nothing and harms nothing.
    [Fact]
    public async Task ATokenThatTheTokenizerDoesNotKnowHasNoText()
    {
        Tokenizer tokenizer = TinyTokenizer.Load([[.. "ab"u8], [.. "cd"u8]], End);
        int size = tokenizer.VocabularySize;
        var options = new FixtureOptions { Tokenizer = tokenizer, EndTokens = [tokenizer.TokenId(End)!.Value] };
        using EngineFixture fixture = ChainModel.Open([0, 256, size + 5, 257, tokenizer.TokenId(End)!.Value], size + 20, options);
        using Sequence sequence = fixture.Engine.CreateSequence([0]);
        Assert.Equal(new GenerationResult("abcd", StopReason.EndOfSequence, 4), await fixture.GenerateAsync(sequence, s_greedy with { StopText = "x" }));
    }

    private static async Task Check(byte[][] pieces, params string[] stops)
    {
        (EngineFixture fixture, int[] ids, int start) = Open(pieces, endAfter: pieces.Length);
        using (fixture)
        {
            Tokenizer tokenizer = fixture.Engine.Tokenizer!;
            foreach (string stop in stops)
            {
                using Sequence sequence = fixture.Engine.CreateSequence([start]);
                GenerationResult result = await fixture.GenerateAsync(sequence, s_greedy with { StopText = stop });
                (string text, int[] tokens, int drawn) = Expected(tokenizer, pieces, ids, stop);
                Assert.Equal((text, drawn), (result.Text, result.GeneratedTokens));
                Assert.Equal(text.EndsWith(stop, StringComparison.Ordinal) ? StopReason.StopText : StopReason.EndOfSequence, result.Reason);
                Assert.Equal([start, .. tokens], sequence.Tokens.ToArray());
                // Whatever was dropped from the pages, going on is as if the tokens had been given.
                sequence.Append([start]);
                float[] logits = await fixture.LogitsAsync(sequence);
                Assert.Equal(await fixture.LogitsAloneAsync([start, .. tokens, start]), logits);
            }
        }
    }

    // Said by looking at the whole: the shortest run of pieces whose whole characters contain the stop text; then as many whole pieces as the cut leaves.
    private static (string Text, int[] Tokens, int Drawn) Expected(Tokenizer tokenizer, byte[][] pieces, int[] ids, string stop)
    {
        for (int n = 1; n <= pieces.Length; n++)
        {
            string shown = Shown(pieces[..n], out _);
            int at = shown.IndexOf(stop, StringComparison.Ordinal);
            if (at < 0) continue;
            string text = shown[..(at + stop.Length)];
            int kept = n;
            while (Shown(pieces[..kept], out bool whole).Length > text.Length || !whole) kept--;
            string rest = text[Shown(pieces[..kept], out _).Length..];
            return (text, [.. ids[..kept], .. tokenizer.Encode(rest)], n);
        }
        return (Encoding.UTF8.GetString([.. pieces.SelectMany(piece => piece)]), ids[..pieces.Length], pieces.Length + 1);
    }

    private static string Shown(byte[][] pieces, out bool whole)
    {
        Decoder decoder = Encoding.UTF8.GetDecoder();
        byte[] bytes = [.. pieces.SelectMany(piece => piece)];
        char[] characters = new char[bytes.Length + 1];
        int count = decoder.GetChars(bytes, characters, flush: false);
        whole = decoder.GetCharCount([], flush: true) == 0;
        return new string(characters, 0, count);
    }

    /// <summary>A model that says the pieces from <c>start</c> on, and then, where wanted, an end token; and the ids it will say.</summary>
    private static (EngineFixture Fixture, int[] Ids, int Start) Open(byte[][] pieces, int? endAfter = null, bool otherEnd = false, int context = 512)
    {
        byte[][] longer = [.. pieces.Where(piece => piece.Length > 1)];
        Tokenizer tokenizer = TinyTokenizer.Load(longer, End, OtherEnd, "<|start|>");
        int end = tokenizer.TokenId(End)!.Value, other = tokenizer.TokenId(OtherEnd)!.Value, start = tokenizer.TokenId("<|start|>")!.Value;
        int[] ids = [.. pieces.Select(piece => tokenizer.TokenId(TinyTokenizer.Spell(piece))!.Value)];
        int[] chain = endAfter is null ? [start, .. ids] : [start, .. ids[..endAfter.Value], otherEnd ? other : end];
        var options = new FixtureOptions { Tokenizer = tokenizer, EndTokens = [end, other] };
        return (ChainModel.Open(chain, tokenizer.VocabularySize, options, context), ids, start);
    }
}
