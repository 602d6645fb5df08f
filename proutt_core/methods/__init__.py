"""What predicts next utterances. Each returns four, whatever it is underneath."""

from proutt_core.methods.prompted import PredictedUtterances, predict

__all__ = ["PredictedUtterances", "predict"]
