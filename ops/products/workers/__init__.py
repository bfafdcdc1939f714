"""Workers: scripts, routes, custom domains, schedules and the names of secrets."""
