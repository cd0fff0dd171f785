"""What a customer does by talking with a complaint that was received.

`acts` hears what is wanted and begins it; `answering`, `telling` and `ending` are the kinds of the one form of all
changes (`actions.change`), so that identity, interruptions, corrections and 对吗 are as everywhere; `showing` tells
how a case stands.
"""
