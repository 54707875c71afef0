"""A world outside the product: practices, a clearinghouse and payers that speak X12.

It imports nothing of the product but `core.x12.write`, so that it cannot share the product's errors
in reading, posting or classifying.
"""
