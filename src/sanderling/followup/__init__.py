"""What people did about a claim: calls, appeals, corrected claims sent, documents asked for."""
