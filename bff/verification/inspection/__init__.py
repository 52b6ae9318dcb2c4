"""Decides whether uploaded bytes are a document we accept, and rebuilds them so that nothing else travels along.

Pure of the portal: imports no other part of `bff`. `kinds` and `headers` look at the first bytes in the web
process; everything that decodes runs in a child process (`child`) with limits on memory and time, because image
and PDF parsers meet hostile input here.
"""
