"""
How the weights of `trulybot/answers/evidence.py` came about, to be repeated after a change of what they weigh.

    python -m bench.evidence SETS EMBEDDER.sock

SETS: a folder with `faq`, `doc2dial` and `xquad`, each a golden set as `trulybot eval` takes it. The five made-up shops
stand in shops.json; of each heading there, which questions it answers, and which have no answer. It prints the weights,
how far they can be believed on what they were not fitted to, and what each caution would answer and refuse.
"""
