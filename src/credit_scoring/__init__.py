"""Raw application files in; a calibrated PD, the cheapest decision and honest reasons out."""
