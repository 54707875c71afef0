"""Requests become files of the outbox.

What an earlier build had asked is forgotten, since its files were kept nowhere: those claims are
asked about anew.
"""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inquiries", "0002_guards")]

    operations = [
        migrations.DeleteModel("StatusRequest"),
        migrations.DeleteModel("RequestFile"),
    ]
