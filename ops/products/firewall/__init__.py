"""the firewall of zones: lockdowns and blocked user agents."""
