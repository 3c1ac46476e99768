"""Work that a Celery worker does after the answer was sent."""
