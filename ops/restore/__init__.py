"""What a snapshot holds, put back into the account."""
