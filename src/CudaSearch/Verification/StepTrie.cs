using CudaSearch.Engine;

namespace CudaSearch.Verification;

/// <summary>
/// All steps of one problem's answers that are alive, as a trie. Extending it forks the sequence of the deepest step that exists and computes the rest.
/// A node keeps a sequence of its own only while a verification stands on it or no node below has one.
/// </summary>
internal sealed class StepTrie(InferenceEngine engine, StepLayout layout, Question question, Usage usage)
{
    private readonly object _gate = new();
    private readonly Dictionary<string, StepNode> _firstSteps = [];
    private Sequence? _root;
    private int _verifications;

    /// <summary>A verification begins at a node, or at the root.</summary>
    public void Enter(StepNode? node)
    {
        lock (_gate)
        {
            _verifications++;
            node?.Visit(+1);
        }
    }

    /// <summary>A verification moves away from a node.</summary>
    public void Leave(StepNode? node)
    {
        lock (_gate)
        {
            if (node is null) return;
            node.Visit(-1);
            Tidy(node);
        }
    }

    /// <summary>A verification has ended; the last one gives the root's pages back.</summary>
    public void Close()
    {
        lock (_gate)
        {
            if (--_verifications > 0) return;
            _root?.Dispose();
            _root = null;
        }
    }

    /// <summary>The node of these steps, with one more visitor; its <see cref="StepNode.Ready"/> tells when the scores up to it are known.</summary>
    public StepNode Extend(string[] steps)
    {
        lock (_gate)
        {
            StepNode? node = null;
            int known = 0;
            while (known < steps.Length && (node?.Children ?? _firstSteps).TryGetValue(steps[known], out StepNode? next))
            {
                // A step whose computation failed or was cancelled is computed anew, beside the old node.
                if (next.Ready.IsFaulted || next.Ready.IsCanceled) break;
                node = next;
                known++;
            }
            if (known < steps.Length) return Grow(node, steps, known);
            node!.Visit(+1);
            return node;
        }
    }

    private StepNode Grow(StepNode? parent, string[] steps, int known)
    {
        var added = new StepNode[steps.Length - known];
        StepNode? last = parent;
        for (int i = known; i < steps.Length; i++)
        {
            var node = new StepNode(last, steps[i], last is null ? layout.First(question, steps[i]) : layout.Next(steps[i]));
            (last?.Children ?? _firstSteps)[steps[i]] = node;
            added[i - known] = last = node;
        }
        // Visited before it is computed: a computation that ends at once must not find the node unwanted.
        last!.Visit(+1);
        Task computed = ComputeAsync(parent, added);
        foreach (StepNode node in added) node.Ready = computed;
        return last;
    }

    private async Task ComputeAsync(StepNode? parent, StepNode[] added)
    {
        try
        {
            if (parent is not null) await parent.Ready.ConfigureAwait(false);
            // Steps that the model's context cannot hold keep the score 0: what cannot be judged is not trusted, and one runaway answer must not end a run.
            StepNode[] readable = [.. added.TakeWhile(node => node.Length <= engine.ContextLength)];
            if (readable.Length > 0) await ScoreAsync(parent, readable).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                foreach (StepNode node in added) node.Computing = false;
                foreach (StepNode node in added.Reverse()) Tidy(node);
                Tidy(parent);
            }
        }
    }

    private async Task ScoreAsync(StepNode? parent, StepNode[] nodes)
    {
        Sequence sequence = Begin(parent, nodes[^1]);
        try
        {
            float[] scores = await engine.RewardAsync(sequence, [.. nodes.Select(node => node.Length - 1)]).ConfigureAwait(false);
            for (int i = 0; i < nodes.Length; i++) nodes[i].Score = scores[i];
        }
        catch
        {
            sequence.Dispose();
            throw;
        }
        lock (_gate) nodes[^1].Sequence = sequence;
    }

    /// <summary>A sequence of the last node's tokens that shares what the nodes above, or those below them, have computed.</summary>
    private Sequence Begin(StepNode? parent, StepNode last)
    {
        int[] tokens = last.Tokens();
        lock (_gate)
        {
            // Nobody waits any more, and a root made now would never be given back.
            if (_verifications == 0) throw new OperationCanceledException();
            Sequence? source = null;
            for (StepNode? node = parent; node is not null && source is null; node = node.Parent) source = SequenceBelow(node);
            source ??= _root ??= CreateRoot(tokens);
            Sequence sequence = source.Fork(source.Stream.Beam);
            int shared = sequence.Tokens.CommonPrefixLength(tokens);
            sequence.Truncate(shared);
            sequence.Append(tokens.AsSpan(shared));
            last.Count(sequence);
            return sequence;
        }
    }

    /// <summary>The statement, as far as its tokens do not depend on the step that follows it.</summary>
    private Sequence CreateRoot(int[] tokens)
    {
        int[] statement = layout.Statement(question);
        Sequence root = engine.CreateSequence(statement.AsSpan(0, statement.AsSpan().CommonPrefixLength(tokens)), usage: usage);
        root.Owners = 0;
        return root;
    }

    private static Sequence? SequenceBelow(StepNode node)
    {
        // Not recursive: a step may be as little as a newline, and an answer thousands of them.
        var pending = new Stack<StepNode>([node]);
        while (pending.TryPop(out StepNode? next))
        {
            if (next.Sequence is not null) return next.Sequence;
            foreach (StepNode child in next.Children.Values) pending.Push(child);
        }
        return null;
    }

    /// <summary>Removes a node nobody needs, and the nodes above it that were kept for its sake; drops sequences that a node below covers.</summary>
    private void Tidy(StepNode? node)
    {
        for (; node is not null; node = node.Parent)
        {
            if (node.Visitors > 0 || node.Computing) return;
            if (node.Children.Count > 0)
            {
                if (node.Sequence is null || !node.Children.Values.Any(child => SequenceBelow(child) is not null)) return;
                node.Sequence.Dispose();
                node.Sequence = null;
                return;
            }
            node.Sequence?.Dispose();
            node.Sequence = null;
            Dictionary<string, StepNode> siblings = node.Parent?.Children ?? _firstSteps;
            if (siblings.TryGetValue(node.Step, out StepNode? current) && ReferenceEquals(current, node)) siblings.Remove(node.Step);
        }
    }
}
