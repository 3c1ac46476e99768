"""What every floor above may use; knows nothing of them."""
