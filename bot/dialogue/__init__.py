"""The Rasa server's side: signed input channel, tracker store, locks; and the client that the web service calls."""
