"""Texts to tokens: the pre-tokenizer, the vocabulary and the two chat formats of the TinyMath pair."""
import json
import re

# Qwen2's pattern, \p{L} and \p{N} narrowed to ASCII: every TinyMath text is ASCII.
PIECES = re.compile(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\nA-Za-z0-9]?[A-Za-z]+|[0-9]| ?[^\sA-Za-z0-9]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIALS = ["<|bos|>", "<|user|>", "<|assistant|>", "<|end|>"]


def byte_symbols():
    """GPT-2's printable stand-in for each byte: symbol of byte b at [b]."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols, extra = {}, 256
    for b in range(256):
        if b in printable:
            symbols[b] = chr(b)
        else:
            symbols[b] = chr(extra)
            extra += 1
    return symbols


SYMBOLS = byte_symbols()


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def split_of(problem):
    """What a problem belongs to, by a hash of its text: TinyMathSplit.cs in Python."""
    value = 0xCBF29CE484222325
    for byte in problem.encode():
        value = (value ^ byte) * 0x100000001B3 % 2 ** 64
    return {0: "held-out", 1: "validation"}.get((value ^ value >> 32) % 8, "train")


class Tokenizer:
    """A vocabulary of whole pre-tokens, with single bytes for the rest."""

    def __init__(self, vocabulary):
        self.vocabulary = vocabulary                    # symbol string -> id
        self.bos, self.user, self.assistant, self.end = (vocabulary[s] for s in SPECIALS)
        self.plus, self.minus = vocabulary["+"], vocabulary["-"]
        self.size = len(vocabulary)
        back = {symbol: b for b, symbol in SYMBOLS.items()}
        self.bytes = [b"" if s in SPECIALS else bytes(back[c] for c in s) for s in vocabulary]
        self.cache = {}

    @staticmethod
    def build(rows):
        seen = set()
        for row in rows:
            for text in (row["problem"] + " " + row["solution"], row["solution"]):
                seen.update(PIECES.findall(text))
                for piece in text.split("\n\n"):
                    seen.update(PIECES.findall(piece.strip()))
        symbols = [SYMBOLS[b] for b in range(256)]
        words = sorted("".join(SYMBOLS[b] for b in word.encode()) for word in seen if len(word) > 1)
        return Tokenizer({s: i for i, s in enumerate(symbols + words + SPECIALS)})

    def encode(self, text):
        ids = []
        for piece in PIECES.findall(text):
            known = self.cache.get(piece)
            if known is None:
                symbols = "".join(SYMBOLS[b] for b in piece.encode())
                whole = self.vocabulary.get(symbols)
                known = self.cache[piece] = [whole] if whole is not None else [self.vocabulary[s] for s in symbols]
            ids += known
        return ids

    def decode(self, ids):
        return b"".join(self.bytes[i] for i in ids).decode("utf-8", "replace")

    def prompt(self, problem):
        return [self.bos, self.user, *self.encode(problem), self.assistant]

    def solved(self, problem, solution):
        """The generator's training sequence and the position its answer begins at."""
        prompt = self.prompt(problem)
        return prompt + self.encode(solution) + [self.end], len(prompt)

    def turns(self, problem, solution):
        """RLHFlow's conversation: ids, 1 where the answer's tokens are, and the positions whose next-token logits are the scores."""
        ids, answer, scored = [self.bos], [0], []
        head = len(self.encode(problem))
        for k, piece in enumerate(solution.split("\n\n")):
            content = self.encode((problem + " " + piece if k == 0 else piece).strip())
            ids += [self.user, *content, self.assistant, self.plus, self.end]
            skip = head if k == 0 else 0
            answer += [0] + [0] * skip + [1] * (len(content) - skip) + [1, 0, 0]
            scored.append(len(ids) - 3)
        return ids, answer, scored

    def judged(self, problem, solution, reference):
        """turns() with, per position, whether everything up to it agrees with the reference solution."""
        ids, answer, scored = self.turns(problem, solution)
        right = self.turns(problem, reference)[0]
        agree = 0
        while agree < len(ids) and agree < len(right) and ids[agree] == right[agree]:
            agree += 1
        labels = [1 if i < agree else 0 for i in range(len(ids))]
        if solution.endswith("\n\n"):
            # The empty last turn says nothing new: it is as right as the turn before it.
            before = labels[scored[-2]]
            for i in range(scored[-2] + 1, len(ids)):
                labels[i] = before
                answer[i] = 0
        return ids, answer, scored, labels


BOXED = re.compile(r"\\boxed\{(\d+)\}")


def boxed(text):
    found = BOXED.search(text)
    return found.group(1) if found else None
