using System.Text.Json;
using CudaSearch.Evaluation.Reports;
using CudaSearch.Tests.Browser;
using CudaSearch.Tests.Checkpoints;

namespace CudaSearch.Tests.Evaluation.Reports;

/// <summary>LaTeX as the pages show it, in a browser.</summary>
public sealed class MathTests(Chromium chromium) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Formulas_become_MathML()
    {
        (string Latex, string Expected)[] cases =
        [
            (@"\frac{1}{2}", "mfrac(mn(1),mn(2))"),
            (@"\frac12", "mfrac(mn(1),mn(2))"),
            (@"\dfrac{x+1}{y}", "mfrac(mrow(mi(x),mo(+),mn(1)),mi(y))"),
            (@"\sqrt{2}", "msqrt(mn(2))"),
            (@"\sqrt[3]{x}", "mroot(mi(x),mn(3))"),
            ("x^2", "msup(mi(x),mn(2))"),
            ("x^{10}_i", "msubsup(mi(x),mi(i),mn(10))"),
            ("x^10", "mrow(msup(mi(x),mn(1)),mn(0))"),
            ("f'(x)", "mrow(msup(mi(f),mo(′)),mo((),mi(x),mo()))"),
            (@"\alpha+\beta\le\pi", "mrow(mi(α),mo(+),mi(β),mo(≤),mi(π))"),
            (@"\boxed{42}", "mrow.boxed(mn(42))"),
            (@"\left(\frac{1}{2}\right)", "mrow(mo((),mfrac(mn(1),mn(2)),mo()))"),
            (@"\text{if } x", "mrow(mtext(if\u00a0),mi(x))"),
            (@"\sum_{i=1}^n i", "mrow(munderover(mo(∑),mrow(mi(i),mo(=),mn(1)),mi(n)),mi(i))"),
            (@"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "mrow(mo((),mtable(mtr(mtd(mn(1)),mtd(mn(2))),mtr(mtd(mn(3)),mtd(mn(4)))),mo()))"),
            (@"\mathbb{R}", "mi(ℝ)"),
            (@"90^\circ", "msup(mn(90),mo(∘))"),
            (@"\binom{n}{k}", "mrow(mo((),mfrac(mi(n),mi(k)),mo()))"),
            (@"\overline{AB}", "mrow.overline(mrow(mi(A),mi(B)))"),
            (@"1{,}000", "mrow(mn(1),mo(,),mn(000))"),
            (@"\frobnicate{x}", "mrow(mtext.unknown(\\frobnicate),mi(x))"),
            ("a<b", "mrow(mi(a),mo(<),mi(b))"),
        ];
        await using BrowserPage page = await OpenAsync();
        foreach ((string latex, string expected) in cases)
        {
            string shown = await page.EvaluateAsync<string>($"""
                (() => {"{"}
                  const show = e => e.childElementCount ? `${"{"}name(e){"}"}(${"{"}[...e.children].map(show).join(","){"}"})` : `${"{"}name(e){"}"}(${"{"}e.textContent{"}"})`;
                  const name = e => e.localName + (e.getAttribute("class") ? "." + e.getAttribute("class") : "");
                  const host = document.createElement("div");
                  host.append(renderText({JsonSerializer.Serialize($"${latex}$")}));
                  const row = host.querySelector("math > mrow");
                  return row.childElementCount === 1 ? show(row.firstElementChild) : show(row);
                {"}"})()
                """);
            Assert.Equal(expected, shown);
        }
        await page.AssertQuiet();
    }

    [Theory]
    [InlineData("It costs $5 and $6 more.", 0)]
    [InlineData("So $x = 5$ and \\(y = 6\\): \\[z = 7\\] and $$w$$", 4)]
    [InlineData("An unclosed $ sign and \\frac outside", 0)]
    [InlineData("The answer is \\boxed{\\frac{1}{2}}.", 1)]
    public async Task Only_formulas_are_taken_for_formulas(string text, int formulas)
    {
        await using BrowserPage page = await OpenAsync();
        Assert.Equal(formulas, await page.EvaluateAsync<int>(
            $"(() => {{ const host = document.createElement('div'); host.append(renderText({JsonSerializer.Serialize(text)})); return host.querySelectorAll('math').length; }})()"));
        if (formulas == 0) Assert.Equal(text, await page.EvaluateAsync<string>(
            $"(() => {{ const host = document.createElement('div'); host.append(renderText({JsonSerializer.Serialize(text)})); return host.textContent; }})()"));
    }

    [Fact]
    public async Task Nothing_breaks_it()
    {
        await using BrowserPage page = await OpenAsync();
        // Random pieces of LaTeX, markup and nonsense; deep nesting; unbalanced everything.
        int rendered = await page.EvaluateAsync<int>("""
            (() => {
              const pieces = ["\\frac", "{", "}", "^", "_", "\\left", "\\right", "(", "]", "\\begin{cases}", "\\end{cases}", "&", "\\\\", "\\sqrt", "[", "$", "$$", "x", "12", "'", "\\text{", "<script>", "\\",
                "\\boxed", "\\(", "\\)", "\n", " ", "**", "## ", "😀", "\\begin", "\\end", "\\mathbb", "\\pmod", "\u0000", "\\not", "\\underbrace", "~", "%"];
              let state = 12345, count = 0;
              const random = n => (state = (state * 1103515245 + 12345) % 2147483648) % n;
              for (let i = 0; i < 3000; i++) {
                let text = i % 2 ? "$" : "";
                for (let k = random(30); k >= 0; k--) text += pieces[random(pieces.length)];
                if (i % 2) text += "$";
                const host = document.createElement("div");
                host.append(renderText(text, { inline: i % 3 === 0 }));
                if (host.querySelector("script, img")) throw new Error(text);
                count++;
              }
              for (const deep of ["{".repeat(5000), "\\frac".repeat(3000), "\\sqrt{".repeat(3000), "x^".repeat(3000), "\\left(".repeat(2000)]) {
                const host = document.createElement("div");
                host.append(renderText(`$${deep}$`));
                count++;
              }
              return count;
            })()
            """);
        Assert.Equal(3005, rendered);
        await page.AssertQuiet();
    }

    [Fact]
    public async Task A_sheet_of_formulas_to_look_at()
    {
        string[] lines =
        [
            @"The roots of $ax^2+bx+c=0$ are $x = \frac{-b \pm \sqrt{b^2-4ac}}{2a}$.", @"$$\sum_{k=1}^{n} k^3 = \left(\frac{n(n+1)}{2}\right)^2$$",
            @"$\cos\theta = \frac{\vec{a}\cdot\vec{b}}{|\vec{a}||\vec{b}|}$, $\angle ABC = 90^\circ$, $\overline{AB} \parallel \overline{CD}$, $\triangle PQR$",
            @"$f(x) = \begin{cases} x^2 & \text{if } x \ge 0 \\ -x & \text{otherwise} \end{cases}$", @"$\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}^{-1}$ and $\left\lfloor \frac{7}{2} \right\rfloor = 3$",
            @"$$\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt\pi}{2}, \qquad \lim_{n\to\infty}\left(1+\frac1n\right)^n = e$$", @"$17 \equiv 2 \pmod 5$, $\binom{10}{3} = 120$, $x \in (-\infty, 3] \cup \{5\}$, $\log_2 8 = 3$",
            @"Therefore, the final answer is: $\boxed{\dfrac{3\sqrt{2}}{4}}$. I hope it is correct.", @"An unknown command: $\frobnicate{x} + 1$; prices of $5 and $6.",
        ];
        Html body = Html.Of($"<div id=\"sheet\"></div>").Add(HtmlPage.Data("lines", writer =>
        {
            writer.WriteStartArray();
            foreach (string line in lines) writer.WriteStringValue(line);
            writer.WriteEndArray();
        }));
        string script = "for (const line of JSON.parse(document.getElementById('lines').textContent)) { const p = document.createElement('p'); p.append(renderText(line)); document.getElementById('sheet').append(p); }";
        string page = HtmlPage.Render("Formulas", body, [HtmlPage.Resource("math.js"), script], HtmlPage.Resource("tree.css"));
        await using BrowserPage shown = await chromium.OpenAsync(_folder.Write("sheet.html", page), 900);
        Assert.Equal(1, await shown.EvaluateAsync<int>("document.querySelectorAll('.unknown').length"));
        // A box is drawn around what is boxed, a fraction is taller than a line of text.
        Assert.True(await shown.EvaluateAsync<double>("parseFloat(getComputedStyle(document.querySelector('.boxed')).borderTopWidth)") > 0);
        Assert.True(await shown.EvaluateAsync<double>("document.querySelector('mfrac').getBoundingClientRect().height") > 20);
        await shown.ScreenshotAsync("math");
        await shown.AssertQuiet();
    }

    private Task<BrowserPage> OpenAsync() => chromium.OpenAsync(_folder.Write($"{Guid.NewGuid():n}.html", HtmlPage.Render("Math", Html.Of($"<p></p>"), [HtmlPage.Resource("math.js")])));
}
