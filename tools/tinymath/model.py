"""A Llama, parameter for parameter Hugging Face's, small enough to train on one core; and its sampler."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

HIDDEN, HEADS, KV_HEADS, HEAD_DIM, INTERMEDIATE, MAX_POSITIONS, THETA, EPS = 192, 4, 2, 64, 512, 1024, 10000.0, 1e-5
GROUP = HEADS // KV_HEADS


class Layer(nn.Module):
    """q, k, v in one matrix and gate, up in one: fewer, larger products. checkpoint.py takes them apart."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Parameter(torch.empty((HEADS + 2 * KV_HEADS) * HEAD_DIM, HIDDEN))
        self.out = nn.Parameter(torch.empty(HIDDEN, HEADS * HEAD_DIM))
        self.gate_up = nn.Parameter(torch.empty(2 * INTERMEDIATE, HIDDEN))
        self.down = nn.Parameter(torch.empty(HIDDEN, INTERMEDIATE))
        self.norm1 = nn.Parameter(torch.ones(HIDDEN))
        self.norm2 = nn.Parameter(torch.ones(HIDDEN))


def rms(x, weight):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS) * weight


def rotate(x, cos, sin):
    half = HEAD_DIM // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


class Llama(nn.Module):
    def __init__(self, vocabulary, layers):
        super().__init__()
        self.embedding = nn.Parameter(torch.empty(vocabulary, HIDDEN))
        self.layers = nn.ModuleList([Layer() for _ in range(layers)])
        self.norm = nn.Parameter(torch.ones(HIDDEN))
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.05)
        angles = torch.arange(MAX_POSITIONS)[:, None] / THETA ** (torch.arange(0, HEAD_DIM, 2) / HEAD_DIM)
        self.register_buffer("cos", torch.cat([angles.cos(), angles.cos()], -1), persistent=False)
        self.register_buffer("sin", torch.cat([angles.sin(), angles.sin()], -1), persistent=False)
        self.register_buffer("causal", torch.triu(torch.full((512, 512), -1e9), 1), persistent=False)

    def hidden(self, ids, cache=None, start=0, pads=None):
        """ids [B, T] -> normalised states [B, T, HIDDEN]. With a cache, ids go on from `start`; pads [B] are empty slots on the left."""
        B, T = ids.shape
        end = start + T
        x = self.embedding[ids]
        cos, sin = self.cos[start:end], self.sin[start:end]
        mask = self.causal[start:end, :end]
        if pads is not None:
            mask = mask + (torch.arange(end, device=ids.device) < pads[:, None])[:, None, None, :] * -1e9
            mask = mask.repeat(1, 1, GROUP, 1)
        else:
            mask = mask.repeat(GROUP, 1)
        for i, layer in enumerate(self.layers):
            qkv = F.linear(rms(x, layer.norm1), layer.qkv).view(B, T, HEADS + 2 * KV_HEADS, HEAD_DIM).transpose(1, 2)
            qk = rotate(qkv[:, :HEADS + KV_HEADS], cos, sin)
            q = (qk[:, :HEADS] * HEAD_DIM ** -0.5).reshape(B, KV_HEADS, GROUP * T, HEAD_DIM)
            k, v = qk[:, HEADS:], qkv[:, HEADS + KV_HEADS:]
            if cache is not None:
                cache[i, 0, :, :, start:end] = k
                cache[i, 1, :, :, start:end] = v
                k, v = cache[i, 0, :, :, :end], cache[i, 1, :, :, :end]
            weights = torch.softmax(q @ k.transpose(-1, -2) + mask, -1)
            mixed = (weights @ v).view(B, HEADS, T, HEAD_DIM).transpose(1, 2).reshape(B, T, HEADS * HEAD_DIM)
            x = x + F.linear(mixed, layer.out)
            gate, up = F.linear(rms(x, layer.norm2), layer.gate_up).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, layer.down)
        return rms(x, self.norm)

    def logits(self, hidden):
        return hidden @ self.embedding.t()

    def rounded(self):
        """A copy with the weights a bf16 checkpoint will hold."""
        copy = Llama(self.embedding.shape[0], len(self.layers)).to(self.embedding.device)
        copy.load_state_dict({k: v.to(torch.bfloat16).float() for k, v in self.state_dict().items()})
        return copy


@torch.no_grad()
def sample(model, prompts, end, temperature, generator, max_new=130):
    """Continues each prompt (a list of ids) until `end`; temperature 0 takes the best token. Returns lists of new ids without `end`."""
    device = model.embedding.device
    longest = max(len(p) for p in prompts)
    B = len(prompts)
    pads = torch.tensor([longest - len(p) for p in prompts], device=device)
    ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts], device=device)
    cache = torch.zeros(len(model.layers), 2, B, KV_HEADS, longest + max_new, HEAD_DIM, device=device)
    out, running, position = [[] for _ in prompts], [True] * B, 0
    for _ in range(max_new):
        logits = model.logits(model.hidden(ids, cache, position, pads)[:, -1])
        position += ids.shape[1]
        if temperature == 0:
            chosen = logits.argmax(-1)
        else:
            chosen = torch.multinomial(torch.softmax(logits / temperature, -1), 1, generator=generator)[:, 0]
        for i, token in enumerate(chosen.tolist()):
            if running[i]:
                if token == end:
                    running[i] = False
                else:
                    out[i].append(token)
        if not any(running):
            break
        ids = chosen[:, None]
    return out


class Optimizer:
    """AdamW over one flat vector (a few passes over memory a step instead of hundreds of small calls), clipped to norm 1."""

    def __init__(self, parameters, decay=0.05):
        parameters = sorted(parameters, key=lambda p: p.dim() < 2)  # matrices first: only they decay
        n = sum(p.numel() for p in parameters)
        device = parameters[0].device
        self.values, self.gradient = torch.empty(n, device=device), torch.zeros(n, device=device)
        self.mean, self.square = torch.zeros(n, device=device), torch.zeros(n, device=device)
        at = 0
        for p in parameters:
            here = slice(at, at + p.numel())
            self.values[here] = p.data.flatten()
            p.data = self.values[here].view_as(p)
            p.grad = self.gradient[here].view_as(p)
            at += p.numel()
        self.decayed = sum(p.numel() for p in parameters if p.dim() > 1)
        self.decay, self.count = decay, 0

    @torch.no_grad()
    def step(self, loss, rate):
        self.gradient.zero_()
        loss.backward()
        self.count += 1
        norm = self.gradient.norm().item()
        if not math.isfinite(norm):
            return
        self.gradient.mul_(min(1.0, 1.0 / (norm + 1e-6)))
        self.mean.lerp_(self.gradient, 0.1)
        self.square.mul_(0.95).addcmul_(self.gradient, self.gradient, value=0.05)
        self.values[:self.decayed].mul_(1 - rate * self.decay)
        root = (self.square / (1 - 0.95 ** self.count)).sqrt_().add_(1e-8)
        self.values.addcdiv_(self.mean, root, value=-rate / (1 - 0.9 ** self.count))
