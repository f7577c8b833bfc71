namespace CudaSearch.Tokenization;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">Who speaks: <c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">What is said; plain text, never read for special tokens.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>How a rendered conversation ends.</summary>
public enum ChatEnding
{
    /// <summary>With the header of an assistant turn, so that the model answers.</summary>
    GenerationPrompt,

    /// <summary>Within the last message, right after its content, so that the model goes on with it.</summary>
    ContinueFinalMessage,

    /// <summary>After the last message's end mark.</summary>
    Complete,
}

/// <summary>
/// Turns a conversation into token ids as a family of models was trained on it. Special tokens are emitted as ids; everything between two
/// of them, template text and content, is encoded as one plain text. Immutable.
/// </summary>
public abstract class ChatTemplate
{
    private protected ChatTemplate(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        Tokenizer = tokenizer;
    }

    /// <summary>The family: <c>llama3</c>, <c>chatml</c> or <c>tinymath</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Tokens after which nothing follows; the first of them ends an assistant turn and is the one that counts as the end of an answer.</summary>
    public abstract IReadOnlyList<int> EndTokenIds { get; }

    private protected Tokenizer Tokenizer { get; }

    /// <summary>The template of a generator, recognised by its tokenizer's special tokens.</summary>
    /// <exception cref="CudaSearchException">The tokenizer is of no family that is known.</exception>
    public static ChatTemplate For(Tokenizer tokenizer) => For(tokenizer, trim: false);

    /// <summary>As <see cref="For(Tokenizer)"/>, for a reward model: contents are trimmed where its family's own template does so.</summary>
    /// <exception cref="CudaSearchException">The tokenizer is of no family that is known.</exception>
    public static ChatTemplate ForVerifier(Tokenizer tokenizer) => For(tokenizer, trim: true);

    /// <summary>The ids of a conversation, with BOS where the family has one.</summary>
    /// <param name="messages">At least one turn.</param>
    /// <param name="ending">How it ends.</param>
    /// <exception cref="CudaSearchException">There is no message, or a role is unknown.</exception>
    public int[] Render(IReadOnlyList<ChatMessage> messages, ChatEnding ending)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (messages.Count == 0) throw CudaSearchException.BadInput("a conversation needs at least one message");
        foreach (ChatMessage message in messages)
            if (message.Role is not ("system" or "user" or "assistant"))
                throw CudaSearchException.BadInput($"the role \"{message.Role}\" is unknown; use system, user or assistant");
        ChatWriter writer = new(Tokenizer);
        Write(writer, messages, ending);
        return writer.ToIds();
    }

    private protected abstract void Write(ChatWriter writer, IReadOnlyList<ChatMessage> messages, ChatEnding ending);

    /// <summary>The id of a special token that the template cannot do without.</summary>
    private protected int Required(string token) => Tokenizer.TokenId(token) is { } id && Tokenizer.IsSpecial(id)
        ? id
        : throw CudaSearchException.BadInput(
            $"the tokenizer has no special token {token}, which the chat template {Name} needs; use the model's own tokenizer.json");

    /// <summary>Those of these tokens that the tokenizer has.</summary>
    private protected int[] Present(params ReadOnlySpan<string> tokens)
    {
        List<int> ids = [];
        foreach (string token in tokens)
            if (Tokenizer.TokenId(token) is { } id) ids.Add(id);
        return [.. ids];
    }

    /// <summary>Whether the tokenizer belongs to a family whose template is known.</summary>
    public static bool IsKnown(Tokenizer tokenizer) => Recognise(tokenizer, trim: false) is not null;

    private static ChatTemplate For(Tokenizer tokenizer, bool trim) =>
        Recognise(tokenizer, trim)
        ?? throw CudaSearchException.BadInput("the tokenizer has none of the special tokens by which a chat template is recognised "
            + "(<|start_header_id|>: Llama-3; <|im_start|>: ChatML, Qwen; <|bos|> <|user|> <|assistant|> <|end|>: tinymath); use an instruction-tuned model");

    private static ChatTemplate? Recognise(Tokenizer tokenizer, bool trim)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (Has("<|start_header_id|>")) return new Llama3ChatTemplate(tokenizer) { TrimContents = trim };
        if (Has("<|im_start|>")) return new ChatMlTemplate(tokenizer);
        if (Has("<|user|>") && Has("<|assistant|>") && Has("<|end|>") && Has("<|bos|>"))
            return new TinyMathChatTemplate(tokenizer) { TrimContents = trim };
        return null;

        bool Has(string token) => tokenizer.TokenId(token) is { } id && tokenizer.IsSpecial(id);
    }
}
