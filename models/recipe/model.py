"""Phi-3's network in PyTorch, no larger than training a small one on a CPU needs.

Reads   RUN/model.pt, the checkpoint train.py writes (load_checkpoint)

A module without a command: train.py, export.py and sample.py use it. Parameters have the names of
Hugging Face's Phi3Model. Shapes: B sequences, T tokens each, S tokens seen so far (T and the
cached ones), D = heads * head_size.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NORM_EPSILON = 1e-5
ROPE_BASE = 10000.0


@dataclass(frozen=True)
class Geometry:
    """Sizes of a model; the defaults are those of phi3-docs-mini.

    hidden, ffn and vocabulary should be multiples of 256, so that every row of every matrix can be
    quantized in blocks of 256.
    """

    vocabulary: int
    hidden: int = 256
    ffn: int = 768
    layers: int = 6
    heads: int = 8
    kv_heads: int = 4
    context: int = 512  # the longest sequence of the training, in tokens

    @property
    def head_size(self) -> int:
        return self.hidden // self.heads


class KeyValues:
    """One layer's keys and values of the tokens seen so far, [B, kv_heads, S, head_size] each."""

    def __init__(self) -> None:
        self.keys: Tensor | None = None
        self.values: Tensor | None = None

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add the keys and values of T tokens; returns all so far."""
        if self.keys is not None and self.values is not None:
            keys = torch.cat([self.keys, keys], 2)
            values = torch.cat([self.values, values], 2)
        self.keys, self.values = keys, values
        return keys, values


class RMSNorm(nn.Module):
    """x / rms(x) * weight, in float32 whatever autocast says; [..., D] -> [..., D]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + NORM_EPSILON) * self.weight


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding of x [B, heads, T, head_size]; cos, sin [T, head_size / 2].

    Component i is paired with component i + head_size / 2, as in Hugging Face's code.
    """
    first, second = x.float().chunk(2, -1)
    rotated = torch.cat([first * cos - second * sin, second * cos + first * sin], -1)
    return rotated.to(x.dtype)


class Attention(nn.Module):
    """Causal self-attention; each key and value head serves heads / kv_heads query heads."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.geometry = geometry
        kv_width = geometry.kv_heads * geometry.head_size
        self.qkv_proj = nn.Linear(geometry.hidden, geometry.hidden + 2 * kv_width, bias=False)
        self.o_proj = nn.Linear(geometry.hidden, geometry.hidden, bias=False)

    def forward(
        self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, cache: KeyValues | None
    ) -> Tensor:
        """x [B, T, D]; cos, sin [T, head_size / 2]; mask [T, S], added -> [B, T, D]."""
        heads, kv_heads = self.geometry.heads, self.geometry.kv_heads
        head_size = self.geometry.head_size
        n_sequences, n_tokens, width = x.shape

        def split_heads(tensor: Tensor, n_heads: int) -> Tensor:
            return tensor.view(n_sequences, n_tokens, n_heads, head_size).transpose(1, 2)

        kv_width = kv_heads * head_size
        q, k, v = self.qkv_proj(x).split([width, kv_width, kv_width], -1)
        q = rotate(split_heads(q, heads), cos, sin)
        k = rotate(split_heads(k, kv_heads), cos, sin)
        v = split_heads(v, kv_heads)
        if cache is not None:
            k, v = cache.extend(k, v)

        # The query heads of a group lie one after the other as further rows of one matrix, so
        # that keys and values need no copies.
        n_seen = k.shape[2]
        rows = heads // kv_heads * n_tokens
        q = q.reshape(n_sequences, kv_heads, rows, head_size)
        scores = (q @ k.transpose(-1, -2)).float() * head_size**-0.5
        scores = scores.view(n_sequences, kv_heads, heads // kv_heads, n_tokens, n_seen) + mask
        weights = scores.softmax(-1).to(v.dtype).view(n_sequences, kv_heads, rows, n_seen)
        y = (weights @ v).view(n_sequences, heads, n_tokens, head_size).transpose(1, 2)
        return self.o_proj(y.reshape(n_sequences, n_tokens, width))


class GatedMlp(nn.Module):
    """down(silu(gate(x)) * up(x)); gate and up are the halves of one matrix."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.gate_up_proj = nn.Linear(geometry.hidden, 2 * geometry.ffn, bias=False)
        self.down_proj = nn.Linear(geometry.ffn, geometry.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up_proj(x).chunk(2, -1)
        return self.down_proj(F.silu(gate) * up)


class Layer(nn.Module):
    """Attention, then the gated MLP, each on a normalized copy of what it adds to."""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(geometry.hidden)
        self.post_attention_layernorm = RMSNorm(geometry.hidden)
        self.self_attn = Attention(geometry)
        self.mlp = GatedMlp(geometry)

    def forward(
        self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, cache: KeyValues | None
    ) -> Tensor:
        """As Attention.forward."""
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Phi3(nn.Module):
    """The network. Its output matrix is its embedding: as a matrix of its own it would add 18 % to
    the parameters of phi3-docs-mini. (export.py stores it a second time.)"""

    def __init__(self, geometry: Geometry) -> None:
        super().__init__()
        self.geometry = geometry
        self.embed_tokens = nn.Embedding(geometry.vocabulary, geometry.hidden)
        self.layers = nn.ModuleList(Layer(geometry) for _ in range(geometry.layers))
        self.norm = RMSNorm(geometry.hidden)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                # What the layers add to the residual stream starts small in deep models (GPT-2).
                adds = name.endswith(("o_proj.weight", "down_proj.weight"))
                scale = 1 / math.sqrt(2 * geometry.layers) if adds else 1
                nn.init.normal_(parameter, 0, 0.02 * scale)
        half = torch.arange(0, geometry.head_size, 2).float() / geometry.head_size
        angles = torch.outer(torch.arange(geometry.context).float(), ROPE_BASE ** (-half))
        self.register_buffer("cos", angles.cos(), persistent=False)  # [context, head_size / 2]
        self.register_buffer("sin", angles.sin(), persistent=False)

    def new_cache(self) -> list[KeyValues]:
        """An empty cache for forward, one entry a layer."""
        return [KeyValues() for _ in self.layers]

    def forward(self, ids: Tensor, cache: list[KeyValues] | None = None) -> Tensor:
        """Logits [B, T, vocabulary] after each of the tokens ids [B, T].

        With a cache the tokens follow those it has seen, and are added to it. At most
        geometry.context tokens in all.
        """
        n_cached = 0
        if cache is not None and cache[0].keys is not None:
            n_cached = cache[0].keys.shape[2]
        n_tokens = ids.shape[1]
        n_seen = n_cached + n_tokens
        cos, sin = self.cos[n_cached:n_seen], self.sin[n_cached:n_seen]
        # A token sees itself and what came before: 0 there, -infinity elsewhere.
        mask = torch.full((n_tokens, n_seen), -math.inf).triu(1 + n_cached)
        x = self.embed_tokens(ids)
        for i, layer in enumerate(self.layers):
            x = layer(x, cos, sin, mask, None if cache is None else cache[i])
        return F.linear(self.norm(x), self.embed_tokens.weight)


def load_checkpoint(path: Path) -> tuple[Phi3, dict[str, Any]]:
    """The network of a checkpoint, and the checkpoint itself."""
    checkpoint = torch.load(path, map_location="cpu")
    network = Phi3(Geometry(**checkpoint["geometry"]))
    network.load_state_dict(checkpoint["network"])
    return network, checkpoint
