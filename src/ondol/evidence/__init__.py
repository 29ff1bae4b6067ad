"""Is it true: quotation found, numbers and negations supported, answerable or not."""
