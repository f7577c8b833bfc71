namespace CudaSearch.Tokenization;

/// <summary>
/// The template of the embedded pair: <c>&lt;|bos|&gt;</c>, then <c>&lt;|user|&gt;</c> and content, <c>&lt;|assistant|&gt;</c>, content and
/// <c>&lt;|end|&gt;</c>. System messages are left out: the models know only one task.
/// </summary>
public sealed class TinyMathChatTemplate : ChatTemplate
{
    private readonly int _begin;
    private readonly int _user;
    private readonly int _assistant;
    private readonly int _end;

    /// <summary>A template over this vocabulary.</summary>
    /// <exception cref="CudaSearchException">The vocabulary lacks one of the template's special tokens.</exception>
    public TinyMathChatTemplate(Tokenizer tokenizer)
        : base(tokenizer)
    {
        _begin = Required("<|bos|>");
        _user = Required("<|user|>");
        _assistant = Required("<|assistant|>");
        _end = Required("<|end|>");
        EndTokenIds = [_end];
    }

    /// <inheritdoc/>
    public override string Name => "tinymath";

    /// <inheritdoc/>
    public override IReadOnlyList<int> EndTokenIds { get; }

    /// <summary>Whether contents are trimmed, as the reward model was taught.</summary>
    public bool TrimContents { get; init; }

    private protected override void Write(ChatWriter writer, IReadOnlyList<ChatMessage> messages, ChatEnding ending)
    {
        writer.Token(_begin);
        for (int i = 0; i < messages.Count; i++)
        {
            (string role, string content) = messages[i];
            if (role == "system") continue;
            bool assistant = role == "assistant";
            writer.Token(assistant ? _assistant : _user).Text(TrimContents ? ChatWriter.Trim(content) : content);
            if (assistant && (ending != ChatEnding.ContinueFinalMessage || i < messages.Count - 1)) writer.Token(_end);
        }
        if (ending == ChatEnding.GenerationPrompt) writer.Token(_assistant);
    }
}
