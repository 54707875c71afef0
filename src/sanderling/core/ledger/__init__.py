"""The ledger's rules: what a submission, a remittance or a snapshot does to a claim's balance."""
