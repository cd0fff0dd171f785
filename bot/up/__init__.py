"""`zhike up`: makes everything current, then starts, watches and stops the processes."""
