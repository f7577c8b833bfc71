using System.Text.Json.Nodes;
using CsCheck;
using CudaSearch.Tokenization;
using BpeOptions = Microsoft.ML.Tokenizers.BpeOptions;
using BpeTokenizer = Microsoft.ML.Tokenizers.BpeTokenizer;
using RegexPreTokenizer = Microsoft.ML.Tokenizers.RegexPreTokenizer;

namespace CudaSearch.Tests.Tokenization;

/// <summary>Byte-level encoding against a slow, obvious loop, and against Microsoft.ML.Tokenizers where that is right.</summary>
public sealed class MergeTests
{
    private static readonly Gen<string> s_word = Gen.OneOf<char>('a', 'b', 'c').Array[1, 24].Select(letters => new string(letters));

    // Random merges over three letters: each joins two tokens that are there already.
    private static readonly Gen<string[]> s_merges = Gen.Int[0, 1 << 20].Array[1, 25].Select(picks =>
    {
        List<string> tokens = ["a", "b", "c"];
        List<string> merges = [];
        foreach (int pick in picks)
        {
            string left = tokens[pick % tokens.Count], right = tokens[pick / 64 % tokens.Count];
            if (merges.Contains($"{left} {right}") || left.Length + right.Length > 8) continue;
            merges.Add($"{left} {right}");
            if (!tokens.Contains(left + right)) tokens.Add(left + right);
        }
        return merges.ToArray();
    });

    [Fact]
    public void MergesAsTheSlowLoopDoes() => Gen.Select(s_merges, s_word.Array[1, 20]).Sample((merges, words) =>
    {
        JsonObject file = SyntheticTokenizer.ByteLevel(merges);
        Tokenizer tokenizer = file.Load();
        foreach (string word in words)
            Assert.Equal(SlowMerge(word, merges), tokenizer.Encode(word).Select(tokenizer.Piece));
    }, iter: 60);

    [Fact]
    public void BothSpellingsOfMergesMeanTheSame()
    {
        Tokenizer strings = SyntheticTokenizer.ByteLevel().Load(), pairs = SyntheticTokenizer.ByteLevel(pairs: true).Load();
        UnicodeText.Any.Sample(text => Assert.Equal(strings.Encode(text), pairs.Encode(text)), iter: 200);
    }

    [Fact]
    public void AgreesWithMicrosoftsBpeOnTextBelowU10000()
    {
        JsonObject file = SyntheticTokenizer.ByteLevel();
        Tokenizer tokenizer = file.Load();
        Dictionary<string, int> vocabulary = file["model"]!["vocab"]!.AsObject().ToDictionary(token => token.Key, token => (int)token.Value!);
        BpeTokenizer theirs = BpeTokenizer.Create(new BpeOptions(vocabulary)
        {
            Merges = SyntheticTokenizer.Merges,
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(new(SyntheticTokenizer.Llama3Pattern), null),
        });
        UnicodeText.Any.Select(text => string.Concat(text.Where(c => !char.IsSurrogate(c)))).Sample(text => Assert.Equal(theirs.EncodeToIds(text), tokenizer.Encode(text)), iter: 1000);
    }

    [Fact]
    public void OnlyMergesMergeEvenIfAWordIsInTheVocabulary()
    {
        // "hello" is a token no merge makes.
        Tokenizer merging = SyntheticTokenizer.ByteLevel(merges: [], words: ["hello", "Ġhello"]).Load();
        Assert.Equal("hello".Select(letter => (int)letter), merging.Encode("hello"));

        Tokenizer whole = SyntheticTokenizer.ByteLevel(merges: [], words: ["hello", "Ġhello"], ignoreMerges: true).Load();
        Assert.Equal([256, 257], whole.Encode("hello hello"));
        Assert.Equal([.. "hellos".Select(letter => (int)letter), 257], whole.Encode("hellos hello"));
    }

    [Fact]
    public void AWholeWordIsTakenBeforeItsMergesOnlyWithIgnoreMerges()
    {
        // Merges make "ab" + "c"; the vocabulary has "abc".
        string[] merges = ["a b"], words = ["abc"];
        Assert.Equal(["ab", "c"], Pieces(SyntheticTokenizer.ByteLevel(merges, words).Load()));
        Assert.Equal(["abc"], Pieces(SyntheticTokenizer.ByteLevel(merges, words, ignoreMerges: true).Load()));

        static IEnumerable<string> Pieces(Tokenizer tokenizer) => tokenizer.Encode("abc").Select(tokenizer.Piece);
    }

    [Fact]
    public void TheWordCacheChangesNothing()
    {
        Tokenizer tokenizer = SyntheticTokenizer.ByteLevel().Load();
        // More words than the cache holds, so that it is emptied on the way.
        for (int i = 0; i < 70_000; i++) tokenizer.Encode($"w{i:x}".Replace("0", "g").Replace("1", "h"));
        UnicodeText.Any.Sample(text => Assert.Equal(SyntheticTokenizer.ByteLevel().Load().Encode(text), tokenizer.Encode(text)), iter: 20);
    }

    private static List<string> SlowMerge(string word, string[] merges)
    {
        List<string> tokens = [.. word.Select(letter => letter.ToString())];
        while (true)
        {
            int best = merges.Length, at = 0;
            for (int i = 0; i + 1 < tokens.Count; i++)
            {
                int rank = Array.IndexOf(merges, $"{tokens[i]} {tokens[i + 1]}");
                if (rank >= 0 && rank < best) (best, at) = (rank, i);
            }
            if (best == merges.Length) return tokens;
            tokens[at] += tokens[at + 1];
            tokens.RemoveAt(at + 1);
        }
    }
}
