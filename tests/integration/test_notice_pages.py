"""The bell and the list of notices: each person's own, told once."""

from __future__ import annotations

from tests.builders import Inbox
from tests.integration.pages import Visitor, text_of
from tests.integration.work_items import AT, fill_items

from sanderling.news.actions import notify
from sanderling.news.models import Notice


def test_the_bell_counts_tells_at_once_what_is_urgent_and_the_list_marks_as_read(
    inbox: Inbox,
) -> None:
    workers = fill_items(inbox, ("A1",))
    sam, kim = Visitor(workers.sam), Visitor(workers.kim)
    assert "No unread notices" in text_of(sam.get("/notices/bell/"))
    first = text_of(sam.get("/notices/bell/"))
    assert 'data-newest="0"' in first
    told = [
        ("item.changed", "MINE A1 is now: Denied", True, "/work/acts/"),
        ("item.assigned", "Lena assigned you 2 claims", False, "https://evil.test/"),
        ("item.left", "MINE A2 left your list: paid $412.00", False, ""),
    ]
    for place, (kind, text, is_urgent, url) in enumerate(told):
        notify(
            user_ids=[workers.sam.pk], kind=kind, key=str(place), text=text, at=AT, url=url,
            is_urgent=is_urgent,
        )  # fmt: skip
    bell = text_of(sam.get("/notices/bell/", seen="0"))
    assert "3 unread" in bell
    assert "MINE A1 is now: Denied" in bell
    assert "paid $412.00" in bell
    assert "Lena assigned" not in bell  # waits under the bell
    newest = Notice.objects.order_by("pk").last()
    assert newest is not None
    assert "data-toast" not in text_of(sam.get("/notices/bell/", seen=str(newest.pk)))
    assert "Lena assigned you 2 claims" in text_of(sam.get("/notices/"))
    assert "Lena" not in text_of(kim.get("/notices/", show="all"))
    urgent, foreign, _ = Notice.objects.order_by("pk")
    assert kim.get(f"/notices/{urgent.pk}/").status_code == 404
    assert sam.get(f"/notices/{urgent.pk}/")["Location"] == "/work/acts/"
    assert sam.get(f"/notices/{foreign.pk}/")["Location"] == "/notices/"
    assert "1 unread" in text_of(sam.get("/notices/bell/"))
    kim.post("/notices/read/")
    assert "1 unread" in text_of(sam.get("/notices/bell/"))
    sam.post("/notices/read/")
    assert "Nothing new" in text_of(sam.get("/notices/"))
    assert Visitor(workers.sam).get("/work/acts/").content.count(b'id="bell"') == 1
