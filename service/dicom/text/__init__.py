"""What people read of an instance: captions on pictures, an outline of all attributes, a report as HTML."""
