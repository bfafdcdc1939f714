"""The objects in R2 buckets: tasks, a kind that a snapshot holds and restores, and a route of the sandbox."""

TASKS = "cfops_r2_objects.tasks"
RESOURCES = UNLISTED = "cfops_r2_objects.resources"
ROUTES = "cfops_r2_objects.routes"
