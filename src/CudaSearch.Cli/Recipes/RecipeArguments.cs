using System.CommandLine;
using System.CommandLine.Parsing;
using CudaSearch.Evaluation.Recipes;

namespace CudaSearch.Cli.Recipes;

/// <summary>
/// Turns <c>eval</c>'s arguments, and the recipe that they name, into plain options. A recipe is options in a file: its keys are
/// search-and-learn's
/// fields or our own options, and what the command line says comes after it. Names may be written with underscores or hyphens.
/// </summary>
internal sealed class RecipeArguments
{
    /// <summary>The option that names the recipe.</summary>
    public const string RecipeOption = "--recipe";

    private readonly Command _command;
    private readonly List<RecipeFault> _fileFaults = [];
    private readonly List<string> _lineFaults = [];
    private readonly List<string> _notes = [];
    private readonly List<OptionSetting> _settings = [];
    private readonly List<string> _rest = [];
    private readonly HashSet<Option> _named = [];

    private RecipeArguments(Command command) => _command = command;

    /// <summary>The arguments with the recipe spelled out.</summary>
    /// <param name="command">The command that they are for.</param>
    /// <param name="args">What follows the command's name.</param>
    /// <param name="note">Told once of every setting that means nothing here.</param>
    /// <exception cref="CudaSearchException">The recipe has faults: all of them, and those of the arguments, in one message.</exception>
    /// <exception cref="UsageException">The arguments alone have faults: all of them in one message.</exception>
    public static IReadOnlyList<string> Expand(Command command, IReadOnlyList<string> args, Action<string> note)
    {
        if (args.Any(arg => arg is "--help" or "-h" or "-?")) return args;
        var expansion = new RecipeArguments(command);
        expansion.ReadArguments(args, out string? recipe);
        List<OptionSetting> ofLine = [.. expansion._settings];
        expansion.CheckRepeated(ofLine);
        if (recipe is not null) expansion.ReadRecipe(recipe);
        expansion.CheckValues();
        expansion.ThrowFaults(recipe);
        foreach (string line in expansion._notes.Distinct()) note(line);
        return expansion.Merge(ofLine);
    }

    private void ReadArguments(IReadOnlyList<string> args, out string? recipe)
    {
        recipe = null;
        for (int i = 0; i < args.Count; i++)
        {
            if (args[i] == "--")
            {
                _rest.AddRange(args.Skip(i));
                return;
            }
            int equals = args[i].IndexOf('=');
            string name = equals < 0 ? args[i] : args[i][..equals];
            if (!name.StartsWith("--", StringComparison.Ordinal))
            {
                if (OptionOf(name) is { } shortOption) _named.Add(shortOption);
                _rest.Add(args[i]);
                continue;
            }
            string plain = name.Replace('_', '-');
            if (RecipeFields.Find(plain[2..]) is { } field)
                TakeField(field, name, equals < 0 ? null : args[i][(equals + 1)..], args, ref i);
            else if (OptionOf(plain) is { } option)
            {
                _named.Add(option);
                _rest.Add(equals < 0 ? plain : plain + args[i][equals..]);
                if (plain == RecipeOption) recipe = equals >= 0 ? args[i][(equals + 1)..] : args.ElementAtOrDefault(i + 1);
            }
            else _lineFaults.Add(Unknown(name));
        }
    }

    /// <summary>Takes a field's value: what follows the equals sign, or the next argument. A switch may stand alone.</summary>
    private void TakeField(RecipeField field, string name, string? value, IReadOnlyList<string> args, ref int i)
    {
        if (value is null)
        {
            string? next = args.ElementAtOrDefault(i + 1);
            if (field.IsSwitch && RecipeField.Truth(next) is null) value = "true";
            else if (next is null || next.StartsWith("--", StringComparison.Ordinal))
            {
                _lineFaults.Add($"{name} needs a value");
                return;
            }
            else
            {
                value = next;
                i++;
            }
        }
        Take(field, field.Name is "system_prompt" || !RecipeField.IsNull(value) ? value : null, name, line: null);
    }

    /// <summary>search-and-learn's name and ours for the same thing, or one of them twice.</summary>
    private void CheckRepeated(List<OptionSetting> ofLine)
    {
        foreach (OptionSetting setting in ofLine.Where(setting => _named.Contains(setting.Option)))
            _lineFaults.Add($"{setting.Key} and {setting.Option.Name} set the same; give one of them");
        foreach (IGrouping<Option, OptionSetting> same in ofLine.GroupBy(setting => setting.Option).Where(same => same.Count() > 1))
        {
            string keys = string.Join(" and ", same.Select(setting => setting.Key).Distinct());
            _lineFaults.Add($"{keys}: {same.Key.Name[2..]} is given {same.Count()} times");
        }
    }

    private void ReadRecipe(string recipe)
    {
        string path = RecipeCatalog.Resolve(recipe);
        foreach (RecipeEntry entry in RecipeFields.Defaults.Concat(RecipeFile.Read(path, _fileFaults)))
        {
            if (RecipeFields.Find(entry.Key) is { } field) Take(field, entry.Value, entry.Key, entry.Line);
            else if (OptionOf("--" + entry.Key.Replace('_', '-')) is { } option && option.Name != RecipeOption) TakeOption(option, entry);
            else Fault(entry.Line, Unknown(entry.Key));
        }
    }

    private void Take(RecipeField field, string? value, string key, int? line)
    {
        FieldReading reading = field.Read(value);
        if (reading.Fault is { } fault) Fault(line, $"{key} {fault}");
        else if (reading.Note is { } note) _notes.Add($"{key} is ignored: {note}");
        else if (field.Option is { } option) _settings.Add(new OptionSetting(OptionOf(option)!, reading.Value, key, line));
    }

    /// <summary>One of our own options as a key of a recipe.</summary>
    private void TakeOption(Option option, RecipeEntry entry)
    {
        if (option.ValueType == typeof(bool) && RecipeField.Truth(entry.Value) is null)
            Fault(entry.Line, $"{entry.Key} is {entry.Value ?? "null"}; it must be true or false");
        else _settings.Add(new OptionSetting(option, entry.Value, entry.Key, entry.Line));
    }

    /// <summary>Has every option check its value, also where a later setting replaces it.</summary>
    private void CheckValues()
    {
        foreach (OptionSetting setting in _settings)
            foreach ((Option option, string message) in ErrorsOf([.. setting.Tokens]))
                if (option == setting.Option) Fault(setting.Line, setting.Reword(message));
        // Only when something is wrong already: otherwise the parser is about to say it.
        if (_fileFaults.Count + _lineFaults.Count > 0) _lineFaults.AddRange(ErrorsOf([.. _rest]).Select(error => error.Message));
    }

    /// <summary>What options say about the values given to them, not that some are missing.</summary>
    private IEnumerable<(Option Option, string Message)> ErrorsOf(string[] tokens) =>
        from error in _command.Parse(tokens, CommandLine.Configuration).Errors
        let option = error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult
        where option is { IdentifierTokenCount: > 0 }
        select (option.Option, error.Message);

    private void Fault(int? line, string message)
    {
        if (line is { } number) _fileFaults.Add(new RecipeFault(number, message));
        else _lineFaults.Add(message);
    }

    private void ThrowFaults(string? recipe)
    {
        List<string> faults =
        [
            .. _fileFaults.OrderBy(fault => fault.Line).Select(fault => $"{recipe}, line {fault.Line}: {fault.Message}"),
            .. _lineFaults.Distinct(),
        ];
        if (faults.Count == 0) return;
        string message = faults.Count == 1 ? faults[0] : $"{faults.Count} settings are wrong:\n{string.Join('\n', faults)}";
        throw _fileFaults.Count > 0 ? CudaSearchException.BadInput(message) : new UsageException(message);
    }

    /// <summary>The last word on every option: the command line's, then the recipe's, then its defaults.</summary>
    private List<string> Merge(List<OptionSetting> ofLine)
    {
        var last = new Dictionary<Option, OptionSetting>();
        IEnumerable<OptionSetting> ofRecipe = _settings.Except(ofLine).Where(setting => !_named.Contains(setting.Option));
        foreach (OptionSetting setting in ofRecipe.Concat(ofLine)) last[setting.Option] = setting;
        return [.. last.Values.SelectMany(setting => setting.Tokens), .. _rest];
    }

    private IEnumerable<Option> Options =>
        _command.Options
        .Concat(_command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Where(option => option.Recursive));

    private Option? OptionOf(string name) => Options.FirstOrDefault(option => option.Name == name || option.Aliases.Contains(name));

    private string Unknown(string name)
    {
        string dashes = name.StartsWith("--", StringComparison.Ordinal) ? "--" : "";
        IEnumerable<string> known =
            RecipeFields.All.Select(field => field.Name).Concat(Options.Select(option => option.Name[2..].Replace('-', '_')));
        string? nearest = NearestName.Of(name, known);
        string meant = nearest is null ? "" : $"; did you mean {dashes}{nearest}?";
        return $"there is no {(dashes.Length > 0 ? "option" : "setting")} {name}{meant}";
    }
}
