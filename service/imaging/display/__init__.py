"""Pictures of instances, and which instance and frame stand for a series or study."""
