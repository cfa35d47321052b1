"""To whom studies belong and who may come: tenants, keys, links, and the audit."""
