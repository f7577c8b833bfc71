using static CudaSearch.Answers.Algebra.Expression;

namespace CudaSearch.Answers.Algebra;

/// <summary>Whether two trees are the same answer.</summary>
/// <param name="options">What counts as the same.</param>
/// <param name="budget">Pays for everything; where it is spent, answers are different.</param>
internal sealed class AnswerComparer(EquivalenceOptions options, WorkBudget budget)
{
    private readonly Scalars _scalars = new(budget, options.Decimals);

    /// <summary>How two answers agree.</summary>
    public Agreement Compare(Expression a, Expression b)
    {
        if (options.RenamesVariables) b = Trees.Rename(b, like: a);
        var shapes = new Shapes(_scalars, budget);
        return shapes.Of(a) is { } left && shapes.Of(b) is { } right ? CompareShapes(left, right) : Agreement.Different;
    }

    private Agreement CompareShapes(Expression a, Expression b)
    {
        if (!budget.TrySpend()) return Agreement.Different;
        return (a, b) switch
        {
            (Relation x, Relation y) => CompareRelations(x, y),
            (Relation x, _) => Value(x) is { } value ? CompareShapes(value, b) : Agreement.Different,
            (_, Relation y) => Value(y) is { } value ? CompareShapes(a, value) : Agreement.Different,
            (Items x, Items y) => CompareItems(x, y),
            (Union x, _) => CompareSets(x.Parts, PartsOf(b)),
            (_, Union y) => CompareSets(PartsOf(a), y.Parts),
            (Interval x, _) => IntervalOf(b) is { } y ? CompareIntervals(x, y) : Agreement.Different,
            (_, Interval y) => IntervalOf(a) is { } x ? CompareIntervals(x, y) : Agreement.Different,
            (Matrix x, Matrix y) => CompareMatrices(x, y),
            (Matrix x, Items { Ordered: true } y) => VectorOf(x) is { } vector ? CompareInOrder(vector, y.Members) : Agreement.Different,
            (Items { Ordered: true } x, Matrix y) => VectorOf(y) is { } vector ? CompareInOrder(x.Members, vector) : Agreement.Different,
            (Items { Ordered: false } x, not Matrix) => CompareSets(x.Members, [b]), // {3, 3} is 3
            (not Matrix, Items { Ordered: false } y) => CompareSets([a], y.Members),
            (Items or Matrix, _) or (_, Items or Matrix) => Agreement.Different,
            (Words x, Words y) => WordAnswers.AreEqual(x.Text, y.Text) ? Agreement.Words : Agreement.Different,
            (Ratio x, _) => CompareRatio(x, b),
            (_, Ratio y) => CompareRatio(y, a),
            _ => Measures.Compare(a, b, _scalars),
        };
    }

    /// <summary>The value of <c>name = value</c>; null for other relations.</summary>
    private static Expression? Value(Relation relation) => relation is { Sides: [var name, var value], Signs: ['='] } && Names.IsName(name) ? value : null;

    private Agreement CompareRelations(Relation a, Relation b)
    {
        if (Value(a) is { } left && Value(b) is { } right && (options.RenamesVariables || !Names.Clash(a.Sides[0], b.Sides[0])))
        {
            Agreement agreement = CompareShapes(left, WithNamesOf(a.Sides[0], b.Sides[0], right));
            if (agreement != Agreement.Different) return agreement;
        }
        return Equations.Compare(a, b, _scalars, this);
    }

    /// <summary>The second value in the first one's variable: <c>f(x) = x²</c> is <c>f(t) = t²</c>.</summary>
    private static Expression WithNamesOf(Expression first, Expression second, Expression value) =>
        (first, second) is (Call { Arguments: [Symbol x] }, Call { Arguments: [Symbol y] }) && x.Name != y.Name ? Trees.Replace(value, y.Name, x) : value;

    private Agreement CompareItems(Items a, Items b)
    {
        if (a.Ordered && b.Ordered) return CompareInOrder(a.Members, b.Members);
        if (a.Ordered || b.Ordered) return CompareInOrder(a.Members, b.Members); // (1,3) and {1,3}
        bool named = HasOwnNames(a), otherNamed = HasOwnNames(b);
        return named != otherNamed ? CompareInOrder(a.Members, b.Members) : CompareSets(a.Members, b.Members);
    }

    /// <summary>Whether every member has a name of its own, as in <c>x = 1, y = 2</c>, so that its place says what a bare list leaves out.</summary>
    private static bool HasOwnNames(Items items)
    {
        Expression?[] names = [.. items.Members.Select(member => member is Relation relation && Value(relation) is not null ? relation.Sides[0] : null)];
        return names.All(name => name is not null) && names.Select(name => name is Symbol symbol ? symbol.Name.Split('_')[0] : $"{name}").Distinct().Count() > 1;
    }

    private Agreement CompareInOrder(IReadOnlyList<Expression> a, IReadOnlyList<Expression> b) =>
        a.Count == b.Count ? Weakest(a.Zip(b, CompareShapes)) : Agreement.Different;

    /// <summary>As sets: each member has an equal on the other side.</summary>
    private Agreement CompareSets(IReadOnlyList<Expression> a, IReadOnlyList<Expression> b)
    {
        if (a.Count == 0 || b.Count == 0) return a.Count == b.Count ? Agreement.Exact : Agreement.Different;
        return Weakest(a.Select(x => Best(b.Select(y => CompareShapes(x, y)))).Concat(b.Select(y => Best(a.Select(x => CompareShapes(x, y))))));
    }

    private Agreement CompareIntervals(Interval a, Interval b)
    {
        if (a.LowClosed != b.LowClosed || a.HighClosed != b.HighClosed) return Agreement.Different;
        return Weakest([CompareShapes(a.Low, b.Low), CompareShapes(a.High, b.High)]);
    }

    private Agreement CompareMatrices(Matrix a, Matrix b) =>
        a.Rows.Count == b.Rows.Count ? Weakest(a.Rows.Zip(b.Rows, CompareInOrder)) : Agreement.Different;

    /// <summary>Parts by part, or in proportion; a time of day (<c>4:30</c>) in no other proportion. A ratio of two is also a quotient.</summary>
    private Agreement CompareRatio(Ratio a, Expression other)
    {
        if (other is not Ratio b) return a.Parts is [var p, var q] ? _scalars.Compare(new Quotient(p, q), other) : Agreement.Different;
        Agreement same = CompareInOrder(a.Parts, b.Parts);
        if (same != Agreement.Different || a.Parts.Count != b.Parts.Count || IsTime(a) && IsTime(b)) return same;
        return Weakest(a.Parts.Skip(1).Zip(b.Parts.Skip(1), (x, y) => _scalars.Compare(new Product([x, b.Parts[0]]), new Product([y, a.Parts[0]]))));
    }

    /// <summary>Hours and two digits of minutes; 3:4 is none.</summary>
    private static bool IsTime(Ratio ratio) =>
        ratio.Parts is [Number { Value: { IsInteger: true } h }, Number { Value: { IsInteger: true } m }] && h.Numerator <= 24 && m.Numerator < 60 && (m.IsZero || m.Numerator >= 10);

    private static IReadOnlyList<Expression> PartsOf(Expression set) => set is Union union ? union.Parts : [set];

    /// <summary>A pair as an open interval.</summary>
    private static Interval? IntervalOf(Expression expression) => expression switch
    {
        Interval interval => interval,
        Items { Ordered: true, Members: [var low, var high] } => new Interval(low, high, LowClosed: false, HighClosed: false),
        _ => null,
    };

    private static Expression[]? VectorOf(Matrix matrix) => matrix.Rows.Count == 1 || matrix.Rows[0].Count == 1 ? [.. matrix.Rows.SelectMany(row => row)] : null;

    private static Agreement Weakest(IEnumerable<Agreement> agreements)
    {
        Agreement weakest = Agreement.Identical;
        foreach (Agreement agreement in agreements)
        {
            if (agreement == Agreement.Different) return agreement;
            if (agreement > weakest) weakest = agreement;
        }
        return weakest;
    }

    private static Agreement Best(IEnumerable<Agreement> agreements) => agreements.FirstOrDefault(agreement => agreement != Agreement.Different);
}
