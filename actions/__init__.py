"""Rasa custom actions, a file per topic, thin: read the tracker → call one care service → say it."""
