"""From a PD to a decision: what errors cost, where the cut-off lies, who refers to a person."""
