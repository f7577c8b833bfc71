namespace CudaSearch.Evaluation;

/// <summary>Reads what <see cref="RunIdentity.Settings"/> says in words.</summary>
internal static class SettingsText
{
    /// <summary>The value of a setting, such as <c>beam-width</c>; null where there is none.</summary>
    public static string? Find(string settings, string name) =>
        settings.Split(' ').FirstOrDefault(setting => setting.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
}
