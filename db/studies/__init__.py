"""Methods, predictions, studies, judges and results."""
