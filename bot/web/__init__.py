"""The only public door: chat pages and sockets, the staff's API, health, and the clockwork beside them."""
