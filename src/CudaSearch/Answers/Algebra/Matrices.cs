using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>Sums and products of matrices, entry by entry.</summary>
internal static class Matrices
{
    private const int MaxEntries = 64;

    /// <summary>The matrix that a sum or a product of matrices (and scalars) is; the expression itself where there are none or the sizes do not fit.</summary>
    public static Expression Combine(Expression expression) => expression switch
    {
        Sum sum when sum.Terms.Any(HoldsMatrix) => Fold(sum.Terms, Add) ?? expression,
        Product product when product.Factors.Any(HoldsMatrix) => Fold(product.Factors, Multiply) ?? expression,
        _ => expression,
    };

    private static bool HoldsMatrix(Expression expression) => expression is Matrix || expression is Product product && product.Factors.Any(HoldsMatrix);

    private static Expression? Fold(IReadOnlyList<Expression> operands, Func<Expression, Expression, Expression?> combine)
    {
        Expression? result = Combine(operands[0]);
        for (int i = 1; i < operands.Count && result is not null; i++) result = combine(result, Combine(operands[i]));
        return result;
    }

    private static Matrix? Add(Expression left, Expression right) =>
        left is Matrix a && right is Matrix b && a.Rows.Count == b.Rows.Count && a.Rows[0].Count == b.Rows[0].Count
            ? new Matrix([.. a.Rows.Zip(b.Rows, (x, y) => x.Zip(y, (p, q) => new Sum([p, q])).ToArray())])
            : null;

    private static Expression? Multiply(Expression left, Expression right) => (left, right) switch
    {
        (Matrix a, Matrix b) => Multiply(a, b),
        (Matrix a, _) => Scale(a, right),
        (_, Matrix b) => Scale(b, left),
        _ => new Product([left, right]),
    };

    private static Matrix Scale(Matrix matrix, Expression factor) => new([.. matrix.Rows.Select(row => row.Select(entry => new Product([factor, entry])).ToArray())]);

    private static Matrix? Multiply(Matrix a, Matrix b)
    {
        int inner = b.Rows.Count, columns = b.Rows[0].Count;
        if (a.Rows[0].Count != inner || a.Rows.Count * columns > MaxEntries || inner > MaxEntries) return null;
        return new Matrix([.. a.Rows.Select(row => Enumerable.Range(0, columns).Select(column => Dot(row, b, column)).ToArray())]);
    }

    private static Expression Dot(IReadOnlyList<Expression> row, Matrix b, int column)
    {
        Expression[] terms = [.. row.Select((entry, i) => new Product([entry, b.Rows[i][column]]))];
        return terms.Length == 1 ? terms[0] : new Sum(terms);
    }
}
