"""Finders of what a message names: numbers, dates, money, products, people, places, wishes.

Each finder reads the aligned form of a text (`bot.nlu.reading.aligned_form`) and yields `Found`.
`bot.nlu.entities.pipeline` runs them as components of a spaCy pipeline and settles overlaps.
"""
