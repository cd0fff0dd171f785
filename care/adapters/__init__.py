"""The outside world behind `care.ports`: an embedded adapter and a real one for each port."""
