"""HTTP as all handlers need it: what requests say, how answers are made. No service is answered here."""
