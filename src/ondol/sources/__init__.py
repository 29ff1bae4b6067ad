"""The only door to the world's files: readers, run in child processes with limits; usable on their own."""
