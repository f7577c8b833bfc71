using System.Buffers;
using System.Globalization;
using System.Text;

namespace CudaSearch.Tokenization;

/// <summary>The bytes of a token as one visible line.</summary>
internal static class PrintablePiece
{
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        StringBuilder piece = new();
        while (!bytes.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes, out Rune rune, out int used);
            if (status != OperationStatus.Done) foreach (byte b in bytes[..used]) piece.Append($"<0x{b:X2}>");
            else if (Visible(rune)) piece.Append(rune);
            else piece.Append(Escape(rune.Value));
            bytes = bytes[used..];
        }
        return piece.ToString();
    }

    private static bool Visible(Rune rune) => Rune.GetUnicodeCategory(rune)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static string Escape(int value) => value switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        <= 0xFFFF => $"\\u{value:X4}",
        _ => $"\\U{value:X8}",
    };
}
