"""What predicts next utterances. Each returns four, whatever it is underneath; an ablation of one view two."""

from proutt_core.methods.prompted import PredictedUtterances, predict

__all__ = ["PredictedUtterances", "predict"]
