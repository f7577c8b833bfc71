using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Launches reward.cu: P(positive) of each rewarded row, by softmax over two rows of the output matrix.</summary>
/// <param name="kernel">The kernel <c>reward_bf16</c>.</param>
internal sealed class RewardKernel(CudaKernel<RewardKernel.Arguments> kernel)
{
    /// <summary>Takes the kernel from the library.</summary>
    public RewardKernel(KernelLibrary library)
        : this(library.Get<Arguments>("reward", "reward_bf16"))
    {
    }

    /// <param name="stream">Where to launch.</param>
    /// <param name="capacity">Most rows that a pass of this launch rewards.</param>
    /// <param name="pass">The pass block.</param>
    /// <param name="hidden">[outputs, columns] bf16: the normed last hidden states.</param>
    /// <param name="head">[vocabulary, columns] bf16</param>
    /// <param name="positive">Token whose probability is the reward.</param>
    /// <param name="negative">The other token.</param>
    /// <param name="columns">A multiple of 64.</param>
    /// <param name="rewards">[capacity] float32; one reward is written for each rewarded row.</param>
    public void Launch(
        CudaStream stream, int capacity, DevicePointer pass, DevicePointer hidden, DevicePointer head, int positive, int negative,
        int columns, DevicePointer rewards)
    {
        var arguments = new Arguments
        {
            Pass = pass,
            Hidden = hidden,
            Head = head,
            Positive = positive,
            Negative = negative,
            Columns = columns,
            Rewards = rewards,
        };
        kernel.Launch(stream, new Dim3(capacity), new Dim3(RowBlock.Threads(columns)), arguments);
    }

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Hidden, Head;
        public int Positive, Negative, Columns;
        public DevicePointer Rewards;
    }
}
