"""Print the catalogue with the tests that prove each row, without running them."""

from __future__ import annotations

from collections import defaultdict

from tests.faults.catalogue import CATALOGUE
from tests.faults.marks import Proof, proofs


def main() -> None:
    found = defaultdict[str, list[Proof]](list)
    for proof in proofs():
        found[proof.id].append(proof)
    for id, sentence in CATALOGUE.items():
        print(f"{id}  {sentence}")
        for proof in found[id]:
            print(f"     {proof.file}::{proof.test}{' (long)' if proof.long else ''}")


if __name__ == "__main__":
    main()
