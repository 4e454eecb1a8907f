"""TrulyBot: a support chatbot for many businesses, answering from what each of them knows."""

__version__ = "0.1.0"
