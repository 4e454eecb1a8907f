"""Models outside our own code: embeddings and, when one is configured, a language model."""
