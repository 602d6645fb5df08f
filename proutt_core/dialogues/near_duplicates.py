"""Which dialogues are nearly the same: MinHash and locality-sensitive hashing, then verified exactly.

A text is the set of its shingles: three words in a row, or, where a fifth of the letters are Chinese, Japanese, Korean
or Thai, which write no spaces, four characters. Compared are the folded texts of all messages. Similarity is Jaccard's:
shared shingles divided by all shingles of both.

Candidates come from MinHash signatures (datasketch, 126 permutations) cut in bands: dialogues that agree in one band
are candidates. The bands are the longest that find a pair at the threshold with a probability of at least 0.98, and a
more similar pair more surely. Candidates whose signatures make a match improbable are left out, the others are counted
exactly, so that no pair is wrong and few are missed. (datasketch's own index keeps a set per dialogue and band in
dictionaries: 400 MB for 100,000 dialogues. `Index` keeps arrays, and lists only for what several dialogues share.)
"""

import re
import zlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

PERMUTATIONS = 126
SEED = 1
RECALL = 0.98
MARGIN = 0.13  # three and a half standard deviations of an estimate at 0.8 from 126 permutations
WORDS, CHARACTERS = 3, 4

_WORD = re.compile(r"\w+")
_LETTER = re.compile(r"[^\W\d_]")
_UNSPACED = re.compile(
    "[\u0e01-\u0e5b\u1100-\u11ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0002fa1f]"
)


def shingles(text: str) -> frozenset[str]:
    """The shingles of a folded text (`text.search_text`). A text shorter than a shingle is its own only one."""
    words = _WORD.findall(text)
    if _is_unspaced(text):
        run = "".join(words)
        return frozenset(run[i : i + CHARACTERS] for i in range(max(1, len(run) - CHARACTERS + 1)))
    if len(words) < WORDS:
        return frozenset({" ".join(words) or text.strip()})
    return frozenset(map(" ".join, zip(words, words[1:], words[2:], strict=False)))


def _is_unspaced(text: str) -> bool:
    unspaced = len(_UNSPACED.findall(text))
    return unspaced > 0 and unspaced * 5 >= len(_LETTER.findall(text))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Shared divided by all, 0 to 1. Both hold at least one shingle."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def bands_for(threshold: float) -> tuple[int, int]:
    """(bands, rows a band): the longest bands with which a pair at the threshold is a candidate often enough."""
    for rows in range(PERMUTATIONS, 0, -1):
        bands = PERMUTATIONS // rows
        if 1 - (1 - threshold**rows) ** bands >= RECALL:
            return bands, rows
    return PERMUTATIONS, 1


class Index:
    """Signatures of dialogues in the order in which they are added, to find those that are nearly the same.

    Memory: 8 bytes for each band and 126 for the signature of a dialogue; about 30 MB for 100,000.
    """

    def __init__(self, threshold: float) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"a threshold is greater than 0 and at most 1; got {threshold}")
        self.threshold = threshold
        self.bands, self.rows = bands_for(threshold)
        self._minhash = MinHash(num_perm=PERMUTATIONS, seed=SEED, hashfunc=zlib.crc32)
        # Rows of a band become one number: equal rows give equal numbers, and others hardly ever do.
        rng = np.random.default_rng(SEED)
        self._mix = rng.integers(1, 2**63, size=(1, self.rows), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        self._keys: list[NDArray[np.uint64]] = []
        self._signatures: list[NDArray[np.uint8]] = []

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, shingled: Iterable[str]) -> None:
        self._minhash.clear()
        self._minhash.update_batch([shingle.encode() for shingle in shingled])
        values = self._minhash.hashvalues
        cut = values[: self.bands * self.rows].reshape(self.bands, self.rows).astype(np.uint64)
        self._keys.append((cut * self._mix).sum(axis=1, dtype=np.uint64))
        # The low byte is enough for an estimate: two that differ agree in it once in 256 times.
        self._signatures.append((values & 0xFF).astype(np.uint8))

    def copies(
        self, shingles_of: Callable[[Sequence[int]], Sequence[frozenset[str]]], progress: Callable[[], None]
    ) -> list[tuple[int, int, float]]:
        """(position, position of what it is like, their exact similarity), for each that is like an earlier one.

        An earlier one that is itself a copy does not count: so every copy is like an original, at least at the
        threshold, and originals are not like each other. `shingles_of` is asked for the sets of few positions at a
        time; `progress` is called for each dialogue that has candidates, and what it raises ends the search.
        """
        if not self._keys:
            return []
        shared = _shared_groups(np.stack(self._keys))
        signatures = np.stack(self._signatures)
        originals: list[dict[int, list[int]]] = [{} for _ in range(self.bands)]  # by band: group → originals in it
        copies: list[tuple[int, int, float]] = []
        for position in np.flatnonzero((shared >= 0).any(axis=1)).tolist():
            progress()
            groups = [(band, group) for band, group in enumerate(shared[position].tolist()) if group >= 0]
            candidates = sorted({other for band, group in groups for other in originals[band].get(group, ())})
            match = self._closest(position, candidates, signatures, shingles_of) if candidates else None
            if match is not None:
                copies.append((position, *match))
                continue
            for band, group in groups:
                originals[band].setdefault(group, []).append(position)
        return copies

    def _closest(
        self,
        position: int,
        candidates: list[int],
        signatures: NDArray[np.uint8],
        shingles_of: Callable[[Sequence[int]], Sequence[frozenset[str]]],
    ) -> tuple[int, float] | None:
        """The most probable candidate that truly is like it, the first of equally probable ones."""
        places = np.array(candidates)
        estimates = (signatures[places] == signatures[position]).mean(axis=1)
        for place in np.argsort(-estimates, kind="stable"):
            if estimates[place] < self.threshold - MARGIN:
                return None
            own, other = shingles_of([position, candidates[place]])
            similarity = jaccard(own, other)
            if similarity >= self.threshold:
                return candidates[place], similarity
        return None


def _shared_groups(keys: NDArray[np.uint64]) -> NDArray[np.int32]:
    """(dialogues, bands): the number of the group with this key in this band, -1 where nothing else has the key."""
    shared = np.full(keys.shape, -1, dtype=np.int32)
    for band in range(keys.shape[1]):
        _, inverse, counts = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        shared[:, band] = np.where(counts[inverse] > 1, inverse, -1)
    return shared
