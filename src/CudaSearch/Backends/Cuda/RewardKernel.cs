using System.Runtime.InteropServices;
using CudaSearch.Cuda;

namespace CudaSearch.Backends.Cuda;

/// <summary>Launches reward.cu: P(positive) of each rewarded row, by softmax over two rows of a matrix or the sigmoid of one.</summary>
/// <param name="kernel">The kernel <c>reward_bf16</c>.</param>
internal sealed class RewardKernel(CudaKernel<RewardKernel.Arguments> kernel)
{
    // What the kernel takes for a row of zeros.
    private const int NoRow = -1;

    /// <summary>Takes the kernel from the library.</summary>
    public RewardKernel(KernelLibrary library)
        : this(library.Get<Arguments>("reward", "reward_bf16"))
    {
    }

    /// <param name="stream">Where to launch.</param>
    /// <param name="capacity">Most rows that a pass of this launch rewards.</param>
    /// <param name="pass">The pass block.</param>
    /// <param name="hidden">[outputs, columns] bf16: the normed last hidden states, or what a layer of the head made of them.</param>
    /// <param name="head">[vocabulary or classes, columns] bf16</param>
    /// <param name="rows">Which rows of the head, and how they are read.</param>
    /// <param name="columns">A multiple of 64.</param>
    /// <param name="rewards">[capacity] float32; one reward is written for each rewarded row.</param>
    public void Launch(
        CudaStream stream, int capacity, DevicePointer pass, DevicePointer hidden, DevicePointer head, RewardRows rows, int columns,
        DevicePointer rewards)
    {
        var arguments = new Arguments
        {
            Pass = pass,
            Hidden = hidden,
            Head = head,
            Positive = rows.Positive,
            Negative = rows.Negative ?? NoRow,
            Bias = rows.Bias,
            NegativeBias = rows.NegativeBias,
            Floor = rows.Rectify ? 0f : float.NegativeInfinity,
            Rounding = (int)rows.Rounding,
            Columns = columns,
            Rewards = rewards,
        };
        kernel.Launch(stream, new Dim3(capacity), new Dim3(RowBlock.Threads(columns)), arguments);
    }

    /// <summary>What so many rewards cannot do without: a hidden state each, and the head's one or two rows.</summary>
    internal static OperationCost Cost(int rewards, int columns, RewardRows rows) =>
        OperationCost.OfProduct(rewards, rows.Negative is null ? 1 : 2, columns, sizeof(ushort), sizeof(ushort), rewards * sizeof(float));

    /// <summary>The kernel's parameters.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Arguments
    {
        public DevicePointer Pass, Hidden, Head;
        public int Positive, Negative;
        public float Bias, NegativeBias, Floor;
        public int Rounding, Columns;
        public DevicePointer Rewards;
    }
}
