"""Datasets behind the interfaces of other libraries; each imports its library only when used."""
