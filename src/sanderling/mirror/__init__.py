"""The analytics mirror: facts and ledger as Parquet, tied to the database."""
