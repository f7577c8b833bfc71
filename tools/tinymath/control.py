"""A control for ./loop: for the problems of an export the first completion of each, right or wrong, in the export's layout."""
import json
import os
import sys

from data import read


def main():
    run, export, output = sys.argv[1:]
    wanted = [row["messages"][0]["content"] for row in read(export + "/train.jsonl")]
    first = {record["problem"]: record["completions"][0] for record in read(run)}
    os.makedirs(output)
    with open(output + "/train.jsonl", "w", encoding="utf-8") as file:
        for problem in wanted:
            messages = [{"role": "user", "content": problem}, {"role": "assistant", "content": first[problem].rstrip()}]
            file.write(json.dumps({"messages": messages}) + "\n")


if __name__ == "__main__":
    main()
