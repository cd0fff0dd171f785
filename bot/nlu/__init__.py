"""Understanding: Rasa graph components and the plain readers that they wrap.

A component's module path is stored in trained models (`tokenizer`, `normaliser`, `topic_classifier`,
`spacy_reader`): moving one breaks every model on disk. The plain readers import neither Rasa nor
TensorFlow, so that `zhike parse` starts quickly; they may move freely.
"""
