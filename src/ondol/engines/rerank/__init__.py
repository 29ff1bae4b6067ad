"""Rerankers: any server with a /rerank route, and a fake."""
