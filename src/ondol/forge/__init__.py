"""From the corpus to a verified training dataset: plan, write, verify, select, decontaminate, retain, card."""
