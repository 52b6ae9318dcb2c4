"""The reviewer's desk: server-rendered pages on which a person decides Cases and turns fault switches.

It acts on the org through transactions as a signed-in reviewer would, never around them. Imports the org, the
faults and the stream's actions; `app.make_console` is its only entrance.
"""
