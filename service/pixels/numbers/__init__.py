"""From stored values to numbers: modality values, statistics, and volumes with their place in the patient."""
