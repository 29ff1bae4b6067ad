"""The vocabulary of Ondol: frozen artifacts, ids, errors, settings types and protocols. No I/O."""
