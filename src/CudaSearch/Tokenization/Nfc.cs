using System.Text;

namespace CudaSearch.Tokenization;

internal static class Nfc
{
    public static string Compose(string text) => text.Normalize(NormalizationForm.FormC);
}
