"""Who may see what, which licence allows which use: pure decisions."""
