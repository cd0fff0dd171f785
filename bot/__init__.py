"""Everything that talks with people: understanding, the dialogue server, the web service, the command."""
