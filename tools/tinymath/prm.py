"""
The process reward model. First the generator's last snapshot learns to calculate in RLHFlow's conversation (`adapt`). It is frozen then, so
that it cannot forget, and new layers on top (growth.py) learn to judge: at every token, whether it is what the calculator expected and
whether all so far is right (two outputs of a head that is thrown away in the end), and what they are for: `+` against `-` where an
assistant's turn begins.
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
from growth import expected, grown, spoilt
from model import Optimizer


def tensors(group, tokenizer, device):
    """
    Judged conversations as arrays [B, T], -100 where nothing is asked: ids; whether all is right up to each token of an answer; the same,
    but nothing after the first wrong token; step labels.
    """
    ids = padded([item[0] for item in group], tokenizer.end)
    dense, local, steps = [], [], []
    for tokens, answer, scored, labels in group:
        n = len(tokens)
        dense.append([labels[i] if answer[i] else -100 for i in range(n)])
        # The first wrong token and all before it; what follows a mistake may be consistent with it, so it is not asked here.
        wrong = next((i for i in range(n) if not labels[i]), n)
        local.append([labels[i] if answer[i] and i <= wrong else -100 for i in range(n)])
        step = [-100] * n
        for i in scored:
            step[i] = labels[i]
        steps.append(step)
    return [t.to(device) for t in (ids, padded(dense, -100), padded(local, -100), padded(steps, -100))]


def balanced(logits, truth):
    """Cross-entropy in which the few wrong tokens weigh as much as the many right ones."""
    losses = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    wrong = 1 - truth
    return 0.5 * ((losses * truth).sum() / truth.sum().clamp(min=1) + (losses * wrong).sum() / wrong.sum().clamp(min=1))


def sign_logits(model, tokenizer, hidden):
    """The two rows of the output matrix that scoring reads: [.., 2], minus first."""
    return hidden @ model.embedding[[tokenizer.minus, tokenizer.plus]].t()


def shortened(solution, reference):
    """Half of all solutions as a search sees them under way: cut after some step (a wrong one after its mistake), the blank line kept."""
    pieces, right = solution.split("\n\n"), reference.split("\n\n")
    wrong = next((i for i, piece in enumerate(pieces) if i >= len(right) or piece != right[i]), 0)
    if wrong + 1 >= len(pieces) or random.random() < 0.5:
        return solution
    return "\n\n".join(pieces[:random.randint(wrong + 1, len(pieces) - 1)]) + "\n\n"


def adapt(args):
    """The generator's last snapshot learns to calculate in the verifier's conversation; nothing is judged yet."""
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    rows = read(args.data + "/train.jsonl")
    tokenizer = Tokenizer.build(rows + read(args.data + "/validation.jsonl"))
    model = load(args.base, tokenizer, args.device)[0]
    optimizer = Optimizer(list(model.parameters()))

    def draw():
        row = random.choice(rows)
        return tokenizer.judged(row["problem"], row["solution"], row["solution"])

    source, total, mark = batches(draw, args.tokens, lambda item: len(item[0])), 0.0, time.time()
    for step in range(1, args.steps + 1):
        ids, right, *_ = tensors(next(source), tokenizer, args.device)
        asked = right[:, 1:] >= 0
        loss = F.cross_entropy(model.logits(model.hidden(ids[:, :-1])[asked]), ids[:, 1:][asked])
        optimizer.step(loss, rate_at(step, args.steps, args.rate))
        total += loss.item()
        if step % 250 == 0:
            log(f"adapt {step}: language {total / 250:.4f}, {step / (time.time() - mark):.1f} steps/s")
            total = 0.0
            torch.save({"model": model.state_dict(), "step": step}, f"{args.work}/adapted.pt")


def train(args):
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    rows = read(args.data + "/train.jsonl")
    tokenizer = Tokenizer.build(rows + read(args.data + "/validation.jsonl"))
    own = read(args.sampled)
    easy, own_easy = [[row for row in some if row["level"] <= 2] for some in (rows, own)]
    judged_on = read(args.judge_on)[::4]
    base = load(args.base, tokenizer)[0]
    shown = [tokenizer.turns(row["problem"], random.choice([row["solution"], *row["corrupted"]]))[0] for row in random.sample(rows, 400)]
    model = grown(base, tokenizer, shown).to(args.device)
    base.to(args.device)
    head = nn.Linear(model.norm.numel(), 2).to(args.device)
    frozen = [model.embedding, *model.layers[:len(base.layers)].parameters()]
    for p in frozen:
        p.requires_grad_(False)
    optimizer = Optimizer([p for p in [*model.parameters(), *head.parameters()] if p.requires_grad])
    log(f"prm: {sum(p.numel() for p in model.parameters())} parameters, {len(own)} problems with own samples")
    now, sums, mark = 0, collections.Counter(), time.time()

    def draw():
        # Short problems show more mistakes a token: they come first, mostly.
        short = now < args.short and random.random() < 0.75
        if random.random() < 0.5:
            row = random.choice(own_easy if short else own)
            wrong = [text for text in row["sampled"] if text != row["solution"]]
            solution = random.choice(wrong) if wrong and random.random() < 0.7 else row["solution"]
        else:
            row = random.choice(easy if short else rows)
            solution = random.choice(row["corrupted"]) if random.random() < 0.7 else row["solution"]
        return tokenizer.judged(row["problem"], shortened(solution, row["solution"]), row["solution"])

    def surprise(ids, answer):
        """Random digits: is each token the one that was expected? Mistakes by the dozen, labelled by the calculator itself."""
        ids = spoilt(ids, answer, tokenizer)
        chance = expected(base, ids)
        asked = answer & ((chance < 0.02) | (chance > 0.2))
        loss = balanced(head(model.hidden(ids)[asked])[:, 1], (chance[asked] > 0.1).float())
        sums.update(surprises=1, surprise=loss.item())
        return loss

    def judging(ids, dense, local, steps):
        hidden = model.hidden(ids)
        tokens = F.binary_cross_entropy_with_logits(head(hidden[dense >= 0])[:, 0], dense[dense >= 0].float())
        first_wrong = balanced(head(hidden[local >= 0])[:, 1], local[local >= 0].float())
        signs, truth = sign_logits(model, tokenizer, hidden[steps >= 0]), steps[steps >= 0]
        scores = F.cross_entropy(signs, truth)
        sums.update(judged=1, tokens=tokens.item(), first=first_wrong.item(), steps=scores.item(),
                    right=(signs.argmax(-1) == truth).float().mean().item(), plus=truth.float().mean().item())
        return tokens + first_wrong + scores

    source = batches(draw, args.tokens, lambda item: len(item[0]), chunk=64)
    for step in range(1, args.steps + 1):
        now = step
        ids, dense, local, steps = tensors(next(source), tokenizer, args.device)
        if random.random() < (0.75 if step < args.noise else 0.2):
            loss = surprise(ids, dense >= 0)
        else:
            loss = judging(ids, dense, local, steps)
        optimizer.step(loss, rate_at(step, args.steps, args.rate))
        sums["seen"] += ids.numel()
        if step % 250 == 0:
            n = sums["judged"]
            log(f"prm {step}: surprise {sums['surprise'] / sums['surprises']:.4f}, tokens {sums['tokens'] / n:.4f}, "
                f"first wrong {sums['first'] / n:.4f}, steps {sums['steps'] / n:.4f}, step accuracy {100 * sums['right'] / n:.1f} "
                f"(always +: {100 * sums['plus'] / n:.1f}), {sums['seen'] / (time.time() - mark):.0f} tokens/s")
            sums.clear()
            mark = time.time()
        if step % 500 == 0:
            torch.save({"model": model.state_dict(), "step": step}, f"{args.work}/prm-{step:05}.pt")
        if step % 1000 == 0:
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
