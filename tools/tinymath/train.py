"""Trains the TinyMath pair. `./train` runs every stage in order; see README.md."""
import argparse
import collections
import os
import random
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

from data import Tokenizer, boxed, read
from model import Llama, Optimizer, sample

HERE = os.path.dirname(os.path.abspath(__file__))
STARTED = time.time()


def log(text):
    line = f"[{time.strftime('%H:%M:%S')} +{time.time() - STARTED:.0f}s] {text}"
    print(line, flush=True)
    with open(os.path.join(HERE, "training.log"), "a", encoding="utf-8") as file:
        file.write(line + "\n")


def batches(draw, tokens, length, chunk=128):
    """Batches of similar lengths and about `tokens` ids, padding included, from an endless draw()."""
    while True:
        pool = sorted((draw() for _ in range(chunk)), key=length)
        groups, group = [], []
        for item in pool:
            if group and length(item) * (len(group) + 1) > tokens:
                groups.append(group)
                group = []
            group.append(item)
        groups.append(group)
        random.shuffle(groups)
        yield from groups


def padded(rows, fill):
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])


def rate_at(step, steps, peak):
    """Warm-up over 300 steps, then a straight line down to a tenth."""
    return peak * min(1.0, step / 300) * (1 - 0.9 * step / steps)


def samples_of(model, tokenizer, problems, count, temperature, seed):
    """`count` texts for each problem."""
    generator = torch.Generator().manual_seed(seed)
    order = sorted(range(len(problems)), key=lambda i: len(problems[i]["problem"]))
    texts = [[] for _ in problems]
    for at in range(0, len(order), 160 // min(count, 16) + 1):
        some = order[at:at + 160 // min(count, 16) + 1]
        prompts = [tokenizer.prompt(problems[i]["problem"]) for i in some for _ in range(count)]
        for i, ids in zip([i for i in some for _ in range(count)], sample(model, prompts, tokenizer.end, temperature, generator)):
            texts[i].append(tokenizer.decode(ids))
    return texts


def by_level(problems, hits):
    """Overall per cent, then per cent of each level."""
    levels = collections.defaultdict(list)
    for row, hit in zip(problems, hits):
        levels[row["level"]].append(hit)
    return f"{100 * sum(hits) / len(hits):.1f} [" + " ".join(f"{100 * sum(v) / len(v):.0f}" for _, v in sorted(levels.items())) + "]"


def thinned(problems, per_cell):
    """The first problems of each subject and level."""
    count, chosen = collections.Counter(), []
    for row in problems:
        key = (row["subject"], row["level"])
        if count[key] < per_cell:
            chosen.append(row)
        count[key] += 1
    return chosen


def train_generator(args):
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    rows, validation = read(args.data + "/train.jsonl"), thinned(read(args.data + "/validation.jsonl"), 6)
    tokenizer = Tokenizer.build(rows + validation)
    model = Llama(tokenizer.size, 4).to(args.device)
    optimizer = Optimizer(list(model.parameters()))
    first = 0
    if args.resume:
        saved = torch.load(args.resume, map_location=args.device)
        model.load_state_dict(saved["model"])
        optimizer = Optimizer(list(model.parameters()))
        optimizer.mean, optimizer.square, optimizer.count = saved["mean"], saved["square"], saved["count"]
        first = saved["step"]
    log(f"generator: {sum(p.numel() for p in model.parameters())} parameters, vocabulary {tokenizer.size}, {len(rows)} problems")

    def draw():
        row = random.choice(rows)
        return tokenizer.solved(row["problem"], row["solution"])

    source, total, seen, mark = batches(draw, args.tokens, lambda item: len(item[0])), 0.0, 0, time.time()
    for step in range(first + 1, args.steps + 1):
        group = next(source)
        ids = padded([ids for ids, _ in group], tokenizer.end).to(args.device)
        goals = padded([[-100] * (start - 1) + ids[start:] for ids, start in group], -100).to(args.device)
        hidden = model.hidden(ids[:, :-1])
        wanted = goals >= 0
        loss = F.cross_entropy(model.logits(hidden[wanted]), goals[wanted])
        optimizer.step(loss, rate_at(step, args.steps, args.rate))
        total += loss.item()
        seen += ids.numel()
        if step % 250 == 0:
            log(f"generator {step}: loss {total / 250:.4f}, {seen / (time.time() - mark):.0f} tokens/s")
            total, seen, mark = 0.0, 0, time.time()
        if step % 500 == 0:
            torch.save({"model": model.state_dict(), "mean": optimizer.mean, "square": optimizer.square, "count": optimizer.count, "step": step},
                       f"{args.work}/generator-{step:05}.pt")
        if step % 1000 == 0 or step == 500:
            rounded = model.rounded()
            texts = samples_of(rounded, tokenizer, validation, 1, args.temperature, args.seed)
            hits = [boxed(text[0]) == row["answer"] for row, text in zip(validation, texts)]
            log(f"generator {step}: validation single sample {by_level(validation, hits)}")
            mark = time.time()


def evaluate_generator(args):
    validation = thinned(read(args.data + "/validation.jsonl"), args.per_cell)
    tokenizer = Tokenizer.build(read(args.data + "/train.jsonl") + read(args.data + "/validation.jsonl"))
    model = Llama(tokenizer.size, 4)
    model.load_state_dict(torch.load(args.snapshot, map_location="cpu")["model"])
    texts = samples_of(model.rounded(), tokenizer, validation, args.samples, args.temperature, 1)
    single, voted, any_right = [], [], []
    for row, some in zip(validation, texts):
        answers = [boxed(text) for text in some]
        single.append(sum(a == row["answer"] for a in answers) / len(answers))
        voted.append(collections.Counter(a for a in answers if a is not None).most_common(1)[:1] == [] or
                     collections.Counter(a for a in answers if a is not None).most_common(1)[0][0] == row["answer"])
        any_right.append(row["answer"] in answers)
    log(f"{os.path.basename(args.snapshot)}: single {by_level(validation, single)}, majority@{args.samples} {by_level(validation, voted)}, "
        f"pass@{args.samples} {by_level(validation, any_right)}")
    subjects = collections.defaultdict(list)
    for row, value in zip(validation, single):
        subjects[row["subject"]].append(value)
    log("  by subject: " + ", ".join(f"{s} {100 * sum(v) / len(v):.0f}" for s, v in subjects.items()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["generator", "evaluate-generator"])
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--tokens", type=int, default=1300)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--resume")
    parser.add_argument("--snapshot")
    parser.add_argument("--per-cell", type=int, default=6)
    parser.add_argument("--samples", type=int, default=16)
    args = parser.parse_args()
    torch.set_num_threads(1)
    os.makedirs(args.work, exist_ok=True)
    {"generator": train_generator, "evaluate-generator": evaluate_generator}[args.stage](args)


if __name__ == "__main__":
    sys.exit(main())
