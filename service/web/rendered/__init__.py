"""WADO-RS as people look at it: pictures, videos, documents, thumbnails. PS3.18 8.3.5, 10.4.1.1.7."""
