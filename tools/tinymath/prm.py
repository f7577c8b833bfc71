"""
The process reward model: the generator's layers, further trained, and as many new ones on top. It learns four things at once, all in
RLHFlow's conversation: to go on a right solution (keeps the arithmetic alive); to tell the first wrong token from right ones; to say at
every token whether all so far is right (two outputs of a head that is thrown away in the end); and what it is for: `+` against `-` where
an assistant's turn begins.
"""
import collections
import os
import random
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

from common import batches, by_level, log, padded, rate_at
from data import Tokenizer, boxed, read
from generator import load
from model import Llama, Optimizer


def grown(base, layers):
    """The base with new layers on top whose contributions start at zero, so that nothing is lost at the start."""
    model = Llama(base.embedding.shape[0], layers)
    state = model.state_dict()
    state.update(base.state_dict())
    model.load_state_dict(state)
    with torch.no_grad():
        for layer in model.layers[len(base.layers):]:
            layer.out.zero_()
            layer.down.zero_()
    return model


def tensors(group, tokenizer, device):
    """Judged conversations as arrays [B, T]: ids, what each position should be followed by (-100: not learnt), token labels, whether a
    token is the first wrong one, step labels."""
    ids = padded([item[0] for item in group], tokenizer.end)
    following, dense, local, steps = [], [], [], []
    for tokens, answer, scored, labels in group:
        n = len(tokens)
        following.append([tokens[i + 1] if i + 1 < n and answer[i + 1] and labels[i + 1] else -100 for i in range(n)])
        dense.append([labels[i] if answer[i] else -100 for i in range(n)])
        # The first wrong token and all before it; what follows a mistake may be consistent with it, so it is not asked here.
        wrong = next((i for i in range(n) if not labels[i]), n)
        local.append([labels[i] if answer[i] and i <= wrong else -100 for i in range(n)])
        step = [-100] * n
        for i in scored:
            step[i] = labels[i]
        steps.append(step)
    return [t.to(device) for t in (ids, padded(following, -100), padded(dense, -100), padded(local, -100), padded(steps, -100))]


def balanced(logits, truth):
    """Cross-entropy in which the few wrong tokens weigh as much as the many right ones."""
    losses = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    wrong = 1 - truth
    return 0.5 * ((losses * truth).sum() / truth.sum().clamp(min=1) + (losses * wrong).sum() / wrong.sum().clamp(min=1))


def sign_logits(model, tokenizer, hidden):
    """The two rows of the output matrix that scoring reads: [.., 2], minus first."""
    return hidden @ model.embedding[[tokenizer.minus, tokenizer.plus]].t()


def shortened(solution):
    """Half of all solutions as a search sees them under way: cut after some step, the blank line kept."""
    pieces = solution.split("\n\n")
    if len(pieces) == 1 or random.random() < 0.5:
        return solution
    return "\n\n".join(pieces[:random.randint(1, len(pieces) - 1)]) + "\n\n"


def train(args):
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    rows = read(args.data + "/train.jsonl")
    tokenizer = Tokenizer.build(rows + read(args.data + "/validation.jsonl"))
    easy = [row for row in rows if row["level"] == 1]
    own = read(args.sampled) if args.sampled else []
    judged_on = read(args.judge_on)[::4] if args.judge_on else []
    if args.resume:
        model, saved = load(args.resume, tokenizer, args.device)
        first = saved["step"]
    else:
        base, saved = load(args.base, tokenizer)
        model, first = grown(base, 2 * len(base.layers)).to(args.device), 0
    head = nn.Linear(model.norm.numel(), 2).to(args.device)
    if args.resume:
        if saved["head"]["weight"].shape == head.weight.shape:
            head.load_state_dict(saved["head"])
    optimizer = Optimizer(list(model.parameters()) + list(head.parameters()))
    if args.resume and saved["mean"].numel() == optimizer.mean.numel():
        optimizer.mean, optimizer.square, optimizer.count = saved["mean"], saved["square"], saved["count"]
    log(f"prm: {sum(p.numel() for p in model.parameters())} parameters, {len(own)} problems with own samples, from step {first}")
    now = first

    def draw():
        if own and random.random() < 0.6:
            row = random.choice(own)
            solution = random.choice(row["sampled"])
        else:
            row = random.choice(easy if now < args.one_step else rows)
            solution = row["solution"] if random.random() < 0.45 else random.choice(row["corrupted"])
        return tokenizer.judged(row["problem"], shortened(solution), row["solution"])

    source = batches(draw, args.tokens, lambda item: len(item[0]), chunk=64)
    sums, mark = collections.Counter(), time.time()
    for step in range(first + 1, (args.stop or args.steps) + 1):
        now = step
        ids, following, dense, local, steps = tensors(next(source), tokenizer, args.device)
        if ids.shape[1] > 500:
            continue
        hidden = model.hidden(ids)
        language = F.cross_entropy(model.logits(hidden[following >= 0]), following[following >= 0])
        tokens = F.binary_cross_entropy_with_logits(head(hidden[dense >= 0])[:, 0], dense[dense >= 0].float())
        first_wrong = balanced(head(hidden[local >= 0])[:, 1], local[local >= 0].float())
        signs, truth = sign_logits(model, tokenizer, hidden[steps >= 0]), steps[steps >= 0]
        judging = F.cross_entropy(signs, truth)
        optimizer.step(language + tokens + first_wrong + judging, rate_at(step - first, args.steps - first, args.rate))
        sums.update(language=language.item(), tokens=tokens.item(), first=first_wrong.item(), judging=judging.item(), seen=ids.numel(),
                    right=(signs.argmax(-1) == truth).float().mean().item(), plus=truth.float().mean().item())
        if step % 250 == 0:
            log(f"prm {step}: language {sums['language'] / 250:.4f}, tokens {sums['tokens'] / 250:.4f}, first wrong {sums['first'] / 250:.4f}, steps {sums['judging'] / 250:.4f}, "
                f"step accuracy {100 * sums['right'] / 250:.1f} (always +: {100 * sums['plus'] / 250:.1f}), "
                f"{sums['seen'] / (time.time() - mark):.0f} tokens/s")
            sums, mark = collections.Counter(), time.time()
        if step % 500 == 0:
            torch.save({"model": model.state_dict(), "head": head.state_dict(), "mean": optimizer.mean, "square": optimizer.square,
                        "count": optimizer.count, "step": step}, f"{args.work}/prm-{step:05}.pt")
        if step % 1000 == 0 and judged_on:
            judge(model.rounded(), tokenizer, judged_on, f"prm {step}")
            mark = time.time()


@torch.no_grad()
def scores_of(model, tokenizer, pairs, tokens=8000):
    """Step scores in 0..1 of (problem, solution) pairs."""
    conversations = [tokenizer.turns(problem, solution) for problem, solution in pairs]
    order = sorted(range(len(pairs)), key=lambda i: len(conversations[i][0]))
    scores, at = [None] * len(pairs), 0
    while at < len(order):
        count = max(1, tokens // (len(conversations[order[min(at + 40, len(order) - 1)]][0])))
        some = order[at:at + count]
        at += count
        hidden = model.hidden(padded([conversations[i][0] for i in some], tokenizer.end).to(model.embedding.device))
        plus = torch.softmax(sign_logits(model, tokenizer, hidden), -1)[..., 1]
        for row, i in enumerate(some):
            scores[i] = [plus[row, k].item() for k in conversations[i][2]]
    return scores


def judge(model, tokenizer, rows, title):
    """Votes over the generator's samples with the model's scores, and how often single step scores are right."""
    pairs = sorted({(row["problem"], text) for row in rows for text in row["sampled"]})
    known = dict(zip(pairs, scores_of(model, tokenizer, pairs)))
    single, majority, weighted, naive, possible, right, steps = [], [], [], [], [], 0, 0
    for row in rows:
        votes, weights, best = collections.Counter(), collections.Counter(), (-1.0, None)
        for text in row["sampled"]:
            scores, answer = known[row["problem"], text], boxed(text)
            labels = tokenizer.judged(row["problem"], text, row["solution"])
            steps += len(scores)
            right += sum((score > 0.5) == bool(labels[3][at]) for score, at in zip(scores, labels[2]))
            best = max(best, (scores[-1], answer or ""))
            if answer is not None:
                votes[answer] += 1
                weights[answer] += scores[-1]
        truth = row["answer"]
        single.append(sum(boxed(text) == truth for text in row["sampled"]) / len(row["sampled"]))
        majority.append(bool(votes) and votes.most_common(1)[0][0] == truth)
        weighted.append(bool(weights) and weights.most_common(1)[0][0] == truth)
        naive.append(best[1] == truth)
        possible.append(truth in votes)
    n = len(rows[0]["sampled"])
    log(f"{title}: step accuracy {100 * right / steps:.1f}; single {by_level(rows, single)}, majority@{n} {by_level(rows, majority)}, "
        f"weighted@{n} {by_level(rows, weighted)}, naive@{n} {by_level(rows, naive)}, pass@{n} {by_level(rows, possible)}")


def evaluate(args):
    rows = read(args.judge_on)
    tokenizer = Tokenizer.build(read(args.data + "/train.jsonl") + read(args.data + "/validation.jsonl"))
    model = load(args.snapshot, tokenizer)[0].rounded()
    judge(model, tokenizer, rows, os.path.basename(args.snapshot))

    # A search under way scores an empty last turn: is that score as right as the others?
    random.seed(1)
    pairs, truths = [], []
    for row in rows:
        text = random.choice(row["sampled"])
        pieces = text.split("\n\n")
        if len(pieces) > 1:
            cut = "\n\n".join(pieces[:random.randint(1, len(pieces) - 1)]) + "\n\n"
            pairs.append((row["problem"], cut))
            truths.append(tokenizer.judged(row["problem"], cut, row["solution"])[3][-1])
    found = [scores[-1] for scores in scores_of(model, tokenizer, pairs)]
    log(f"  empty last turns: {100 * sum((s > 0.5) == bool(t) for s, t in zip(found, truths)) / len(found):.1f} % right of {len(found)}")
