"""Documents as PDF: templates and data in, pages out (Typst)."""
