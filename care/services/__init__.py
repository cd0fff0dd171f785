"""Use cases, a file per noun. Each public function is one transaction and the only writer of what it writes."""
