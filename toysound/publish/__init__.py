"""Datasets as files: rendered in blocks, written in the formats people load, fingerprinted."""
