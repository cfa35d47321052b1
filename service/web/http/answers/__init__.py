"""How answers are made: bodies, streams, multipart, XML, ZIP, headers and warnings."""
