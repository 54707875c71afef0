"""Code tables as data: adjustment reasons (CARC), remarks (RARC), claim status.

Titles, categories and actions are our own words and judgement; the codes are those of the public
X12 lists. Source: docs/domain, DOMAIN 3.4 to 3.7.
"""
