"""ProUtt Studio without a screen: dialogues, synthesis, judging, statistics, export."""

__version__ = "0.1.0"
