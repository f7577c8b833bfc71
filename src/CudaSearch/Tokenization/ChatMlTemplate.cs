namespace CudaSearch.Tokenization;

/// <summary>ChatML as Qwen2.5 uses it, without tools: contents are kept as they are, and there is no BOS.</summary>
public sealed class ChatMlTemplate : ChatTemplate
{
    private readonly int _start;
    private readonly int _end;

    /// <summary>A template over this vocabulary.</summary>
    /// <exception cref="CudaSearchException">The vocabulary lacks one of the template's special tokens.</exception>
    public ChatMlTemplate(Tokenizer tokenizer)
        : base(tokenizer)
    {
        _start = Required("<|im_start|>");
        _end = Required("<|im_end|>");
        EndTokenIds = [_end, .. Present("<|endoftext|>")];
    }

    /// <inheritdoc/>
    public override string Name => "chatml";

    /// <inheritdoc/>
    public override IReadOnlyList<int> EndTokenIds { get; }

    /// <summary>The system message of conversations that do not begin with one; null for none. Qwen2.5-Instruct's by default.</summary>
    public string? DefaultSystem { get; init; } = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";

    private protected override void Write(ChatWriter writer, IReadOnlyList<ChatMessage> messages, ChatEnding ending)
    {
        if (DefaultSystem is { } system && messages[0].Role != "system") Turn("system", system).Token(_end).Text("\n");
        for (int i = 0; i < messages.Count; i++)
        {
            Turn(messages[i].Role, messages[i].Content);
            if (ending != ChatEnding.ContinueFinalMessage || i < messages.Count - 1) writer.Token(_end).Text("\n");
        }
        if (ending == ChatEnding.GenerationPrompt) Turn("assistant", "");

        ChatWriter Turn(string role, string content) => writer.Token(_start).Text(role).Text("\n").Text(content);
    }
}
