using System.Collections.Concurrent;

namespace CudaSearch.Verification;

/// <summary>
/// Judges steps with a program of the user's, started once for all problems. It reads one JSON object a line, <c>{"problem": text, "steps": [text …]}</c>,
/// and answers each, in order, with one line <c>{"scores": [number …]}</c>: a number from 0 to 1 for every step. The empty piece that ends a partial answer is not
/// sent; it repeats the score before it. Questions of all problems are written without waiting for answers, so a program may read many before it answers the
/// first. What it writes to standard error is kept for messages.
/// <para>A program that ends, answers with anything else, or lets an answer wait for longer than the time limit is stopped; every judgement asked of it then
/// fails with one message that says which of these happened.</para>
/// </summary>
public sealed class ProgramVerifier : IVerifier, IDisposable
{
    private const double NoSteps = 0.5;

    private readonly ProgramPipe _pipe;

    /// <summary>Starts the program.</summary>
    /// <param name="command">A command line for the system's shell.</param>
    /// <param name="timeLimit">The longest time from one answer, or from the question where none was waiting, to the next answer.</param>
    /// <exception cref="CudaSearchException">It cannot be started.</exception>
    public ProgramVerifier(string command, TimeSpan timeLimit) => _pipe = new ProgramPipe(command, timeLimit);

    /// <inheritdoc/>
    public IVerification Start(string problem)
    {
        // Equal answers, of which searches have many, are asked once.
        var asked = new ConcurrentDictionary<string, Lazy<Task<double[]>>>();
        return new StatelessVerification(async (answer, cancellation) =>
        {
            string[] pieces = answer.Split("\n\n");
            string[] steps = string.IsNullOrWhiteSpace(pieces[^1]) ? pieces[..^1] : pieces;
            double[] scores = [];
            if (steps.Length > 0)
            {
                Lazy<Task<double[]>> question = asked.GetOrAdd(answer, _ => new Lazy<Task<double[]>>(() => _pipe.AskAsync(problem, steps)));
                try
                {
                    scores = await question.Value.WaitAsync(cancellation).ConfigureAwait(false);
                }
                catch (CudaSearchException)
                {
                    // Ctrl+C reaches the program, too; its end is then no fault.
                    cancellation.ThrowIfCancellationRequested();
                    throw;
                }
            }
            return steps.Length == pieces.Length ? scores : [.. scores, scores is [.., double last] ? last : NoSteps];
        });
    }

    /// <summary>Ends the program: it finds its input closed, and is killed if that does not end it within a second.</summary>
    public void Dispose() => _pipe.Dispose();
}
