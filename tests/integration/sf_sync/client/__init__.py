"""The client's calls over the wire."""
