namespace CudaSearch.Verification;

/// <summary>A verifier that may have no opinion on a step. Ensembles leave such a score out; alone it stands for itself.</summary>
public interface IAbstainingVerifier : IVerifier
{
    /// <summary>The score, in [0, 1], that means no opinion.</summary>
    double Neutral { get; }
}
