"""Writes a model as a Hugging Face checkpoint folder: safetensors in bf16, config, tokenizer, chat template."""
import json
import os
import struct

import torch

import model as shape
from data import SPECIALS, Tokenizer

PATTERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}<|user|>{{ message['content'] | trim }}"
    "{% elif message['role'] == 'assistant' %}<|assistant|>{{ message['content'] | trim }}<|end|>"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def named(model):
    """Hugging Face's tensor names and shapes from the fused training parameters."""
    q, kv = shape.HEADS * shape.HEAD_DIM, shape.KV_HEADS * shape.HEAD_DIM
    tensors = {"model.embed_tokens.weight": model.embedding}
    for i, layer in enumerate(model.layers):
        at = f"model.layers.{i}."
        tensors[at + "input_layernorm.weight"] = layer.norm1
        tensors[at + "self_attn.q_proj.weight"] = layer.qkv[:q]
        tensors[at + "self_attn.k_proj.weight"] = layer.qkv[q:q + kv]
        tensors[at + "self_attn.v_proj.weight"] = layer.qkv[q + kv:]
        tensors[at + "self_attn.o_proj.weight"] = layer.out
        tensors[at + "post_attention_layernorm.weight"] = layer.norm2
        tensors[at + "mlp.gate_proj.weight"] = layer.gate_up[:shape.INTERMEDIATE]
        tensors[at + "mlp.up_proj.weight"] = layer.gate_up[shape.INTERMEDIATE:]
        tensors[at + "mlp.down_proj.weight"] = layer.down
    tensors["model.norm.weight"] = model.norm
    return tensors


def write_safetensors(path, tensors):
    header, parts, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, tensor in tensors.items():
        # bf16 bits as int16: numpy knows no bf16.
        part = tensor.detach().cpu().to(torch.bfloat16).contiguous().view(torch.int16).numpy().astype("<i2").tobytes()
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(part)]}
        parts.append(part)
        offset += len(part)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def read_safetensors(path):
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header, data = json.loads(file.read(length)), bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            tensors[name] = torch.frombuffer(data[start:end], dtype=torch.bfloat16).view(entry["shape"]).float()
    return tensors


def load(folder, device="cpu"):
    """The model and tokenizer of a checkpoint folder that save() wrote."""
    with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as file:
        saved = json.load(file)
    symbols = {**saved["model"]["vocab"], **{token["content"]: token["id"] for token in saved["added_tokens"]}}
    tokenizer = Tokenizer(dict(sorted(symbols.items(), key=lambda item: item[1])))
    tensors = read_safetensors(os.path.join(folder, "model.safetensors"))
    layers = sum(name.endswith("input_layernorm.weight") for name in tensors)
    model = shape.Llama(tokenizer.size, layers).to(device)
    with torch.no_grad():
        # named() gives views of the fused parameters, so copying into them fills these.
        for name, parameter in named(model).items():
            parameter.copy_(tensors[name])
    return model, tokenizer


def write_json(path, value):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def tokenizer_json(tokenizer):
    special = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": tokenizer.vocabulary[s], "content": s, **special} for s in SPECIALS],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": PATTERN}, "behavior": "Isolated", "invert": False}, byte_level]},
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": False, "byte_fallback": False, "ignore_merges": True,
            "vocab": {s: i for s, i in tokenizer.vocabulary.items() if s not in SPECIALS}, "merges": [],
        },
    }


def save(folder, model, tokenizer):
    os.makedirs(folder, exist_ok=True)
    write_safetensors(os.path.join(folder, "model.safetensors"), named(model))
    write_json(os.path.join(folder, "config.json"), {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": tokenizer.size,
        "hidden_size": shape.HIDDEN,
        "intermediate_size": shape.INTERMEDIATE,
        "num_hidden_layers": len(model.layers),
        "num_attention_heads": shape.HEADS,
        "num_key_value_heads": shape.KV_HEADS,
        "head_dim": shape.HEAD_DIM,
        "hidden_act": "silu",
        "max_position_embeddings": shape.MAX_POSITIONS,
        "rms_norm_eps": shape.EPS,
        "rope_theta": shape.THETA,
        "rope_scaling": None,
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": 0.0,
        "initializer_range": 0.05,
        "tie_word_embeddings": True,
        "use_cache": True,
        "bos_token_id": tokenizer.bos,
        "eos_token_id": tokenizer.end,
        "pad_token_id": tokenizer.end,
        "torch_dtype": "bfloat16",
    })
    write_json(os.path.join(folder, "generation_config.json"), {
        "bos_token_id": tokenizer.bos, "eos_token_id": tokenizer.end, "pad_token_id": tokenizer.end,
        "do_sample": True, "temperature": 0.8, "top_p": 1.0,
    })
    write_json(os.path.join(folder, "tokenizer.json"), tokenizer_json(tokenizer))
    write_json(os.path.join(folder, "tokenizer_config.json"), {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|bos|>", "eos_token": "<|end|>", "pad_token": "<|end|>", "unk_token": None,
        "add_bos_token": False, "add_eos_token": False, "add_prefix_space": False,
        "clean_up_tokenization_spaces": False, "model_max_length": shape.MAX_POSITIONS,
        "chat_template": TEMPLATE,
    })
