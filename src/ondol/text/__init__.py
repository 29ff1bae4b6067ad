"""What language work needs everywhere: normalisation, sentences, morphemes, language. Pure."""
