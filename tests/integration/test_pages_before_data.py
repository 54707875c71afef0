"""What pages say before anything came in."""

from __future__ import annotations

from tests.integration.pages import Visitor, make_people, text_of

from sanderling.clients.models import Client


def test_before_any_data_the_page_says_what_to_do(db: None) -> None:
    client = Client.objects.create(code="MINE", name="Mine", created_at="2026-01-01T00:00Z")
    page = text_of(Visitor(make_people(client).admin).get("/aging/"))
    assert "Bring in" in page
