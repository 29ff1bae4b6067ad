"""The edge: HTTP API, command line, jobs, settings, and the one file that knows the order of the rooms."""
