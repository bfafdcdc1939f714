"""Access: applications, policies, groups and what they name."""
