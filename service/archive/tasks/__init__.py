"""Work on the whole archive: what opens, imports, compares, copies, files values, and removes orphans."""
