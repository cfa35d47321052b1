"""What is asked for: identifiers, C-FIND, and the instances of C-MOVE and C-GET."""
