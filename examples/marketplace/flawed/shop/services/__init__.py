"""What the shop does: rules of the business, and the order in which subsystems are asked."""
