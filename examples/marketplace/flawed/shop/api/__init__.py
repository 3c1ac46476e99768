"""Endpoints: what the outside may ask for, and who may ask."""
