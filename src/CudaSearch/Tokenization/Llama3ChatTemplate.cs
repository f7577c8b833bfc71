namespace CudaSearch.Tokenization;

/// <summary>
/// Llama-3.1's and 3.2's template without tools. As search-and-learn changed it by default: contents other than the system message are
/// kept as they are, so that an unfinished answer keeps its blank line. BOS is put before it once.
/// </summary>
public sealed class Llama3ChatTemplate : ChatTemplate
{
    private readonly int _begin;
    private readonly int _startHeader;
    private readonly int _endHeader;
    private readonly int _endOfTurn;

    /// <summary>A template over this vocabulary.</summary>
    /// <exception cref="CudaSearchException">The vocabulary lacks one of the template's special tokens.</exception>
    public Llama3ChatTemplate(Tokenizer tokenizer)
        : base(tokenizer)
    {
        _begin = Required("<|begin_of_text|>");
        _startHeader = Required("<|start_header_id|>");
        _endHeader = Required("<|end_header_id|>");
        _endOfTurn = Required("<|eot_id|>");
        EndTokenIds = [_endOfTurn, .. Present("<|end_of_text|>", "<|eom_id|>")];
    }

    /// <inheritdoc/>
    public override string Name => "llama3";

    /// <inheritdoc/>
    public override IReadOnlyList<int> EndTokenIds { get; }

    /// <summary>The date of the system header. Fixed by default: Python's transformers puts the day of the run here, so that results change overnight.</summary>
    public string Date { get; init; } = "26 Jul 2024";

    /// <summary>Whether contents other than the system message are trimmed too, as Meta's own template does.</summary>
    public bool TrimContents { get; init; }

    private protected override void Write(ChatWriter writer, IReadOnlyList<ChatMessage> messages, ChatEnding ending)
    {
        writer.Token(_begin);
        int first = messages[0].Role == "system" ? 1 : 0;
        Header("system").Text($"Cutting Knowledge Date: December 2023\nToday Date: {Date}\n\n");
        if (first == 1) writer.Text(ChatWriter.Trim(messages[0].Content));
        if (ending != ChatEnding.ContinueFinalMessage || messages.Count > first) writer.Token(_endOfTurn);
        for (int i = first; i < messages.Count; i++)
        {
            Header(messages[i].Role).Text(TrimContents ? ChatWriter.Trim(messages[i].Content) : messages[i].Content);
            if (ending != ChatEnding.ContinueFinalMessage || i < messages.Count - 1) writer.Token(_endOfTurn);
        }
        if (ending == ChatEnding.GenerationPrompt) Header("assistant");

        ChatWriter Header(string role) => writer.Token(_startHeader).Text(role).Token(_endHeader).Text("\n\n");
    }
}
