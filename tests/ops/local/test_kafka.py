"""What the broker is formatted with."""

from __future__ import annotations

import base64
import uuid

from ops.local.kafka import cluster_id


def test_a_cluster_id_never_looks_like_an_option():
    """Found by the soak: one first start of 64 ended with "--cluster-id: expected one argument"."""
    dash = uuid.UUID(bytes=b"\xf8" + bytes(15))
    assert base64.urlsafe_b64encode(dash.bytes).startswith(b"-"), "this one would"
    for each in (dash, uuid.UUID(int=1)):
        text = cluster_id(each)
        assert not text.startswith("-")
        assert len(base64.urlsafe_b64decode(text + "==")) == 16
