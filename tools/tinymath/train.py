"""Trains the TinyMath pair, one stage a call; `./train` and `./loop` run them in order. See README.md."""
import argparse
import os

import torch

import generator
import prm

STAGES = {
    "generator": generator.train,
    "finetune": generator.finetune,
    "evaluate-generator": generator.evaluate,
    "export": generator.export,
    "sample": generator.write_samples,
    "adapt": prm.adapt,
    "prm": prm.train,
    "evaluate-prm": prm.evaluate,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--data", required=True, help="folder of the exporter's train.jsonl and validation.jsonl")
    parser.add_argument("--work", help="folder for snapshots")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=12000, help="length of the learning rate's schedule")
    parser.add_argument("--stop", type=int, help="stop early, at this step")
    parser.add_argument("--tokens", type=int, default=1300, help="tokens a step, padding included")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--resume", help="a snapshot to go on from, with its optimizer")
    parser.add_argument("--base", help="prm: the generator snapshot it grows from; finetune: the checkpoint folder to start from")
    parser.add_argument("--epochs", type=float, default=3, help="finetune: how often each solution is seen")
    parser.add_argument("--snapshot", help="the snapshot to evaluate, export or sample from")
    parser.add_argument("--noise", type=int, default=400, help="prm: steps that learn mostly from random digits")
    parser.add_argument("--short", type=int, default=1200, help="prm: steps that see mostly problems of levels 1 and 2")
    parser.add_argument("--sampled", help="prm: the generator's own solutions of training problems")
    parser.add_argument("--judge-on", help="prm: the generator's own solutions of validation problems")
    parser.add_argument("--split", default="train", choices=["train", "validation"])
    parser.add_argument("--problems", type=int, default=4000)
    parser.add_argument("--per-cell", type=int, default=6)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--output")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.work:
        os.makedirs(args.work, exist_ok=True)
    STAGES[args.stage](args)


if __name__ == "__main__":
    main()
