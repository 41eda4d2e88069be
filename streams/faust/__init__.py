"""The streams as a Faust application on a transport of our own: one event is one fetched batch of a partition.

    member.py     a member of the group, on librdkafka, in a thread of its own     (no Faust)
    tables.py     state at assignment; global tables loaded and followed           (no Faust)
    engine.py     batches into stages, everything they cause into one transaction  (no Faust)
    consumer.py producer.py driver.py   the same in the shapes that Faust asks for
    app.py        the App, its agents and its worker

Why not stock Faust: its bookkeeping per event costs ten times the work itself, and is what loses events (measured, docs/decisions).
"""
