"""What a touch of a claim asks, says and leads to: scenarios, answers, narratives, scripts."""
