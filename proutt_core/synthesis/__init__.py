"""From one sample to one preference pair."""
