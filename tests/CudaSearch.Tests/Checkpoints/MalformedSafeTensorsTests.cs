using System.Buffers.Binary;
using CudaSearch.Checkpoints;

namespace CudaSearch.Tests.Checkpoints;

/// <summary>Every rule of the format, broken once.</summary>
public sealed class MalformedSafeTensorsTests
{
    private const string A = """ "a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]} """;

    // The header (a quote is written as '), the size of the data area, and what the message must say.
    [Theory]
    [InlineData("", 0, "does not begin with '{'")]
    [InlineData("[]", 0, "does not begin with '{'")]
    [InlineData(" {}", 0, "does not begin with '{'")]
    [InlineData("{", 0, "not valid JSON")]
    [InlineData("{} x", 0, "not valid JSON")]
    [InlineData("{}\n", 0, "padded with byte 0x0A")]
    [InlineData("{'\\ud800':1}", 0, "surrogate")]
    [InlineData("{'__metadata__':1}", 0, "__metadata__ is a number")]
    [InlineData("{'__metadata__':{'k':1}}", 0, "\"k\" is a number, not a string")]
    [InlineData("{'__metadata__':{},'__metadata__':{}}", 0, "\"__metadata__\" twice")]
    [InlineData("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}", 8, "\"a\" twice")]
    [InlineData("{'a':{'dtype':'F32','dtype':'F16','shape':[1],'data_offsets':[0,4]}}", 4, "\"a\", holds the key \"dtype\" twice")]
    [InlineData("{'a':[1]}", 0, "\"a\" is described by an array")]
    [InlineData("{'a':null}", 0, "\"a\" is described by null")]
    [InlineData("{'a':{'shape':[1],'data_offsets':[0,4]}}", 4, "has no dtype")]
    [InlineData("{'a':{'dtype':'F32','data_offsets':[0,4]}}", 4, "has no shape")]
    [InlineData("{'a':{'dtype':'F32','shape':[1]}}", 4, "has no data_offsets")]
    [InlineData("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'x':1}}", 4, "unknown key \"x\"")]
    [InlineData("{'a':{'dtype':'I64','shape':[1],'data_offsets':[0,8]}}", 8, "\"I64\"; supported are F32, F16 and BF16")]
    [InlineData("{'a':{'dtype':'f32','shape':[1],'data_offsets':[0,4]}}", 4, "\"f32\"; supported are F32, F16 and BF16")]
    [InlineData("{'a':{'dtype':4,'shape':[1],'data_offsets':[0,4]}}", 4, "has dtype 4; supported are")]
    [InlineData("{'a':{'dtype':'F32','shape':1,'data_offsets':[0,4]}}", 4, "shape that is a number, not an array")]
    [InlineData("{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}}", 4, "has -1 in its shape")]
    [InlineData("{'a':{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}}", 4, "has 1.0 in its shape")]
    [InlineData("{'a':{'dtype':'F32','shape':['1'],'data_offsets':[0,4]}}", 4, "has \"1\" in its shape")]
    [InlineData("{'a':{'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,4]}}", 4, "has 9223372036854775808 in its shape")]
    [InlineData("{'a':{'dtype':'F32','shape':[4294967296,2147483648],'data_offsets':[0,4]}}", 4, "more than 2^63-1 bytes")]
    [InlineData("{'a':{'dtype':'F32','shape':[1,1,1,1,1,1,1,1,1],'data_offsets':[0,4]}}", 4, "9 dimensions, more than 8")]
    [InlineData("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0]}}", 4, "has 1 data_offsets, not 2")]
    [InlineData("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4,4]}}", 4, "has 3 data_offsets, not 2")]
    [InlineData("{'a':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}}", 4, "has -4 in its data_offsets")]
    [InlineData("{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}}", 4, "begins at byte 4 of the data and ends before it, at 0")]
    [InlineData("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}", 7, "ends at byte 8 of the data, but the file holds only 7")]
    [InlineData("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}}", 4, "needs 8 bytes, its data_offsets hold 4")]
    [InlineData("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}", 9, "the last 1 of 9 data bytes, after tensor \"a\", belong to no tensor")]
    [InlineData("{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}", 8, "bytes 0 to 4 of the data, between the start of the data and tensor \"a\", belong to no tensor")]
    [InlineData("{'b':{'dtype':'F32','shape':[1],'data_offsets':[8,12]},'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 12, "bytes 4 to 8")]
    [InlineData("{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'b':{'dtype':'F32','shape':[2],'data_offsets':[4,12]}}", 12, "\"b\" begins at byte 4 of the data and overlaps tensor \"a\"")]
    [InlineData("{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'b':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 4, "overlaps tensor \"a\"")]
    [InlineData("{}", 4, "the last 4 of 4 data bytes, after the start of the data, belong to no tensor")]
    public void IsRefusedWithItsReason(string header, int dataLength, string reason)
    {
        // Padding before the closing brace keeps tensors aligned where alignment is not what is broken.
        string text = header.Replace('\'', '"');
        int brace = text.LastIndexOf('}');
        if (dataLength > 0 && brace > 0) text = text.Insert(brace, new string(' ', (8 - text.Length % 8) % 8));
        string message = Refusal(SafeTensorsWriter.ToBytes(text, new byte[dataLength]));
        Assert.Contains(reason, message);
    }

    [Fact]
    public void MisalignedTensorsAreRefused()
    {
        string header = $"{{{A.Trim()}}}";
        header = header.PadRight((header.Length + 7) / 8 * 8);
        Assert.Contains("not a multiple of F32's 4 bytes", Refusal(SafeTensorsWriter.ToBytes(header + " ", new byte[8])));
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File("aligned"), SafeTensorsWriter.ToBytes(header + "    ", new byte[8]));
        SafeTensorsFile.Open(folder.File("aligned")).Dispose();
    }

    [Fact]
    public void BytesThatAreNotUtf8AreRefused() =>
        Assert.Contains("not UTF-8", Refusal([3, 0, 0, 0, 0, 0, 0, 0, (byte)'{', 0xFF, (byte)'}']));

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void TooShortFilesAreRefused(int length) => Assert.Contains("too short", Refusal(new byte[length]));

    [Theory]
    [InlineData(1UL << 60, "at most 100000000 are allowed")]
    [InlineData(ulong.MaxValue, "at most 100000000 are allowed")]
    [InlineData(100_000_001, "at most 100000000 are allowed")]
    [InlineData(100_000_000, "only 2 follow")]
    [InlineData(3, "only 2 follow")]
    public void ImpossibleHeaderLengthsAreRefused(ulong length, string reason)
    {
        byte[] file = [0, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}'];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        Assert.Contains(reason, Refusal(file));
    }

    [Fact]
    public void UnreadablePathsAreRefused()
    {
        using TempFolder folder = new();
        foreach (string path in (string[])[folder.File("absent"), folder.Path, "", "a\0b"])
        {
            CudaSearchException refusal = Assert.Throws<CudaSearchException>(() => SafeTensorsFile.Open(path));
            Assert.Contains("cannot be read", refusal.Message);
        }
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        byte[] whole = SafeTensorsWriter.ToBytes([TensorData.Of("a", ElementType.BF16, [2, 3], new float[6]), TensorData.Of("b", ElementType.F32, [2], new float[2])]);
        for (int length = 0; length < whole.Length; length++) Refusal(whole[..length]);
    }

    private static string Refusal(byte[] file)
    {
        using TempFolder folder = new();
        string path = folder.File("model.safetensors");
        File.WriteAllBytes(path, file);
        CudaSearchException refusal = Assert.Throws<CudaSearchException>(() => SafeTensorsFile.Open(path));
        Assert.Equal(Failure.BadInput, refusal.Failure);
        Assert.StartsWith(path, refusal.Message);
        return refusal.Message;
    }
}
