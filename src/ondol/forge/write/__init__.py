"""Writers: what code can write from a fact, what needs a model, and what is composed of accepted examples."""
