using System.Security.Cryptography;
using System.Text;

namespace CudaSearch.Evaluation;

/// <summary>A short name for the content of texts.</summary>
internal static class Digest
{
    /// <summary>The first 16 hexadecimal digits of SHA-256 over the texts, each with its length before it.</summary>
    public static string Of(IEnumerable<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string text in texts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes((long)bytes.Length));
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
