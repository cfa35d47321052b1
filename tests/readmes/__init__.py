"""The READMEs are held to the code: what they tell to run is run, what they name is there."""
