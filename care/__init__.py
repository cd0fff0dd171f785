"""Customer care: rules, records, services. Knows no chat framework and no web framework."""
