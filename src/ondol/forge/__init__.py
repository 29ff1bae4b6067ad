"""From the corpus to a verified dataset: plan, write, verify, select, decontaminate, retain, card."""
