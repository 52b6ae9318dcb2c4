"""Takes a document off the wire: streamed, counted, timed, and never lying around in clear.

Knows nothing of accounts or Salesforce. `multipart` splits the body, `spool` keeps it encrypted, `receive` joins
them under limits.
"""
