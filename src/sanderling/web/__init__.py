"""What every page shares: layout, log-in pages, template filters, assets."""
