"""From a question and a principal to ranked passages."""
