"""
New layers on top of a trained calculator. Two things made them learn in minutes what they had not learnt in half an hour:

- The calculator's residual stream has grown to a root mean square of 37, against which what new layers write is nothing: it is scaled down
  (embedding, output and down projections; the norms make that almost invisible inside).
- The first new layer begins with heads that look at the previous token and copy, into directions nothing else uses, how likely the
  calculator there thought each digit and sign: beside the token that then came, that is all one needs to see a mistake.
"""
import random

import torch

import model as shape
from model import Llama

SMALLER = 6
WATCHED = [*"0123456789+-*/%=", "ĠAdd", "ĠSubtract", "ĠMultiply", "ĠDivide", "ĠRemainder", "##", "Therefore", "}$.", "<|assistant|>"]


@torch.no_grad()
def grown(base, tokenizer, conversations):
    """`base` with as many new layers on top. `conversations` are lists of ids, right and wrong ones, that show how its states look."""
    model = Llama(base.embedding.shape[0], 2 * len(base.layers))
    state = model.state_dict()
    state.update(base.state_dict())
    model.load_state_dict(state)
    for layer in model.layers[len(base.layers):]:
        layer.out.zero_()
        layer.down.zero_()
    model.embedding.div_(SMALLER)
    for layer in model.layers[:len(base.layers)]:
        layer.out.div_(SMALLER)
        layer.down.div_(SMALLER)
    states, size = states_of(base, conversations)
    watch_predictions(model.layers[len(base.layers)], base, tokenizer, states, size / SMALLER)
    model.norm.fill_(4.0)
    return model


def states_of(base, conversations):
    """The last layer's output over all positions, normalised [positions, HIDDEN] and its root mean square before that."""
    weight, base.norm.data = base.norm.data, torch.ones_like(base.norm)
    seen = []
    original = shape.rms
    shape.rms = lambda x, w: seen.append(x.pow(2).mean().sqrt().item()) or original(x, w)
    states = torch.cat([base.hidden(torch.tensor([ids]))[0] for ids in conversations])
    shape.rms, base.norm.data = original, weight
    return states, sum(seen[2 * len(base.layers)::2 * len(base.layers) + 1]) / len(conversations)


def watch_predictions(layer, base, tokenizer, states, size):
    half, used, sharp = shape.HEAD_DIM // 2, 10, 10.0
    watched = [tokenizer.vocabulary[name] for name in WATCHED]
    n = len(watched)

    # A direction along which every state measures about 1 stands in for the bias that projections lack.
    exact = states.double()
    square = exact.t() @ exact + 1e-4 * len(exact) * torch.eye(shape.HIDDEN, dtype=torch.float64)
    one = torch.linalg.solve(square, exact.sum(0)).float()

    # The same key everywhere, and a query turned back by one position: rotary positions make them meet at the token before.
    turn = 1 / shape.THETA ** (torch.arange(0, shape.HEAD_DIM, 2) / shape.HEAD_DIM)
    key, query = torch.zeros(shape.HEAD_DIM), torch.zeros(shape.HEAD_DIM)
    key[:used] = sharp
    query[:used], query[half:half + used] = sharp * turn.cos()[:used], -sharp * turn.sin()[:used]
    keys = shape.HEADS * shape.HEAD_DIM
    values = keys + shape.KV_HEADS * shape.HEAD_DIM
    layer.qkv[:shape.HEAD_DIM] = query[:, None] * one
    layer.qkv[keys:keys + shape.HEAD_DIM] = key[:, None] * one

    # Values are the watched tokens' logits; they are written where the states vary least.
    rows = base.embedding * base.norm
    layer.qkv[values:values + shape.HEAD_DIM] = 0
    layer.qkv[values:values + n] = rows[watched] - rows.mean(0)
    centred = exact - exact.mean(0)
    quiet = torch.linalg.eigh(centred.t() @ centred)[1][:, :n].float()
    layer.out[:, :n] = quiet * size * 0.15


def spoilt(ids, answer, tokenizer):
    """A copy in which every seventh digit and sign of the answers is another one, drawn at random."""
    ids = ids.clone()
    for kind in ("0123456789", "+-*/%"):
        symbols = torch.tensor([tokenizer.vocabulary[c] for c in kind], device=ids.device)
        hit = answer & torch.isin(ids, symbols) & (torch.rand(ids.shape, device=ids.device) < 0.15)
        ids[hit] = symbols[torch.randint(0, len(kind), (int(hit.sum()),), device=ids.device)]
    return ids


@torch.no_grad()
def expected(base, ids):
    """Per position, the probability the calculator gave to the token that stands there."""
    chance = torch.softmax(base.logits(base.hidden(ids[:, :-1])), -1).gather(2, ids[:, 1:, None])[..., 0]
    return torch.cat([torch.ones_like(chance[:, :1]), chance], 1)
