"""Why each open dollar is unpaid: from everything known about some claims to one barrier a party.

`classify.classify(facts, as_of)` is the way in. It is pure: the same facts and day give the same
rows, so a barrier can be worked out for any past day, for one claim or for all.

Source: DOMAIN 1.2, 3.3, 4.7, 5.1; the names are those of the command line's contract.
"""
