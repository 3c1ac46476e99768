"""The marketplace on Django: pages for people, an API for programs."""
