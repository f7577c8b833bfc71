"""The generator: trained on reference solutions, stopped while it still errs."""
import collections
import json
import os
import random
import time

import torch
import torch.nn.functional as F

import checkpoint
from common import batches, by_level, log, padded, rate_at, samples_of, thinned
from data import Tokenizer, boxed, read, split_of
from model import Llama, Optimizer


def load(path, tokenizer, device="cpu"):
    saved = torch.load(path, map_location=device)
    layers = 1 + max(int(name.split(".")[1]) for name in saved["model"] if name.startswith("layers."))
    model = Llama(tokenizer.size, layers).to(device)
    model.load_state_dict(saved["model"])
    return model, saved


def train(args):
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
    for step in range(first + 1, (args.stop or args.steps) + 1):
        group = next(source)
        loss = loss_of(model, group, tokenizer, args.device)
        optimizer.step(loss, rate_at(step, args.steps, args.rate))
        total += loss.item()
        seen += len(group) * max(len(ids) for ids, _ in group)
        if step % 250 == 0:
            log(f"generator {step}: loss {total / 250:.4f}, {seen / (time.time() - mark):.0f} tokens/s")
            total, seen, mark = 0.0, 0, time.time()
        if step % 500 == 0:
            torch.save({"model": model.state_dict(), "mean": optimizer.mean, "square": optimizer.square, "count": optimizer.count,
                        "step": step}, f"{args.work}/generator-{step:05}.pt")
        if step % 1000 == 0 or step == 500:
            rounded = model.rounded()
            texts = samples_of(rounded, tokenizer, validation, 1, args.temperature, args.seed)
            hits = [boxed(text[0]) == row["answer"] for row, text in zip(validation, texts)]
            log(f"generator {step}: validation single sample {by_level(validation, hits)}")
            mark = time.time()


def finetune(args):
    """Goes on from a checkpoint folder on the solutions that `cudasearch export --format sft` chose, and writes a checkpoint folder."""
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    model, tokenizer = checkpoint.load(args.base, args.device)
    rows = [{m["role"]: m["content"] for m in row["messages"]} for row in read(args.data + "/train.jsonl")]
    for split in {split_of(row["user"]) for row in rows} - {"train"}:
        raise SystemExit(f"{args.data} holds {split} problems; only training problems may be learnt from")
    epoch = sum(len(tokenizer.solved(row["user"], row["assistant"])[0]) for row in rows)
    steps = max(1, round(args.epochs * epoch / (0.95 * args.tokens)))   # about a twentieth of a batch is padding
    log(f"finetune: {len(rows)} solutions, {epoch} tokens, {steps} steps, seed {args.seed}", keep=False)
    optimizer, drawn = Optimizer(list(model.parameters())), []

    def draw():
        if not drawn:
            drawn.extend(random.sample(rows, len(rows)))
        row = drawn.pop()
        return tokenizer.solved(row["user"], row["assistant"])

    source, total = batches(draw, args.tokens, lambda item: len(item[0])), 0.0
    for step in range(1, steps + 1):
        loss = loss_of(model, next(source), tokenizer, args.device)
        # The optimizer starts without a memory, so the rate has to rise first.
        optimizer.step(loss, args.rate * min(1.0, step / 50) * (1 - 0.95 * step / steps))
        total += loss.item()
        if step % 250 == 0 or step == steps:
            log(f"finetune {step}: loss {total / (step % 250 or 250):.4f}", keep=False)
            total = 0.0
    checkpoint.save(args.output, model, tokenizer)
    log(f"finetune: wrote {os.path.basename(args.output)}", keep=False)


def loss_of(model, group, tokenizer, device):
    """Mean cross-entropy of the solutions' tokens in a batch of (ids, where the solution begins)."""
    ids = padded([ids for ids, _ in group], tokenizer.end).to(device)
    goals = padded([[-100] * (start - 1) + ids[start:] for ids, start in group], -100).to(device)
    wanted = goals >= 0
    return F.cross_entropy(model.logits(model.hidden(ids[:, :-1])[wanted]), goals[wanted])


def evaluate(args):
    validation = thinned(read(args.data + "/validation.jsonl"), args.per_cell)
    tokenizer = Tokenizer.build(read(args.data + "/train.jsonl") + read(args.data + "/validation.jsonl"))
    model, _ = load(args.snapshot, tokenizer)
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


def export(args):
    """A snapshot as a checkpoint folder."""
    tokenizer = Tokenizer.build(read(args.data + "/train.jsonl") + read(args.data + "/validation.jsonl"))
    model, saved = load(args.snapshot, tokenizer)
    checkpoint.save(args.output, model, tokenizer)
    log(f"exported {os.path.basename(args.snapshot)} (step {saved['step']})")


def write_samples(args):
    """The snapshot's own solutions of problems, at several temperatures, for the verifier to learn from or to be measured on."""
    rows = read(args.data + "/train.jsonl")
    tokenizer = Tokenizer.build(rows + read(args.data + "/validation.jsonl"))
    model = load(args.snapshot, tokenizer)[0].rounded()
    random.seed(args.seed)
    if args.split == "validation":
        rows, temperatures = thinned(read(args.data + "/validation.jsonl"), args.per_cell), [args.temperature]
    else:
        rows, temperatures = random.sample(rows, args.problems), [0.8, 1.0]
    with open(args.output + ".part", "w", encoding="utf-8") as file:
        for at in range(0, len(rows), 80):
            some = rows[at:at + 80]
            texts = samples_of(model, tokenizer, some, args.samples, temperatures[at // 80 % len(temperatures)], args.seed + at)
            for row, solutions in zip(some, texts):
                kept = {key: row[key] for key in ("problem", "answer", "solution", "subject", "level")}
                file.write(json.dumps({**kept, "sampled": solutions}) + "\n")
    os.replace(args.output + ".part", args.output)
