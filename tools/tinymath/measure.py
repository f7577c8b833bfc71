"""The table of ./loop: single-sample accuracy and majority votes of several generators, from `eval`'s own records, as Markdown."""
import collections
import statistics
import sys

from data import boxed, read, split_of


def share(records, value):
    return 100 * statistics.mean(value(record) for record in records)


def single(record):
    return statistics.mean(boxed(text) == record["answer"] for text in record["completions"])


def majority(record):
    counts = collections.Counter(answer for answer in map(boxed, record["completions"]) if answer is not None)
    return bool(counts) and counts.most_common(1)[0][0] == record["answer"]


def any_right(record):
    return any(boxed(text) == record["answer"] for text in record["completions"])


def cell(values):
    return f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f}"


def main():
    folder, names = sys.argv[1], sys.argv[2:]
    runs = {name: [read(f"{folder}/{name}-seed{seed}.jsonl") for seed in (1, 2, 3)] for name in names}
    n = runs[names[0]][0][0]["n"]
    print(f"| generator | single sample, % | by seed | majority of {n} | pass@{n} | level 1 | 2 | 3 | 4 | 5 |\n|---|---:|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, seeds in runs.items():
        assert all(len(records) == 350 and all(split_of(record["problem"]) == "held-out" for record in records) for records in seeds)
        samples = [share(records, single) for records in seeds]
        levels = [cell([share([r for r in records if int(r["level"]) == level], single) for records in seeds]) for level in range(1, 6)]
        print(f"| {name} | {cell(samples)} | {', '.join(f'{value:.1f}' for value in samples)} | {cell([share(r, majority) for r in seeds])} | "
              f"{cell([share(r, any_right) for r in seeds])} | {' | '.join(levels)} |")


if __name__ == "__main__":
    main()
