"""The files: how bytes come into the tree and go out of it, whole, in runs, inflated or converted.

Nothing here asks the index: whoever calls has found the instance already.
"""
