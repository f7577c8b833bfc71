"""What both stages share: the log, batches, the learning rate, sampling, counting by level."""
import collections
import os
import random
import time

import torch

from model import sample

HERE = os.path.dirname(os.path.abspath(__file__))
STARTED = time.time()


def log(text, keep=True):
    """Says how far the training is; what makes the shipped pair is kept in training.log."""
    line = f"[{time.strftime('%H:%M:%S')} +{time.time() - STARTED:.0f}s] {text}"
    print(line, flush=True)
    if not keep:
        return
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
