"""The `workers` collection: scripts, their code, and what makes them run."""

from __future__ import annotations

from ops.products.workers.tasks import routes, scripts, statistics

list_scripts, info, list_secrets = scripts.list_scripts, scripts.info, scripts.list_secrets
delete_script, deploy, download = scripts.delete_script, scripts.deploy, scripts.download
list_routes, create_route, delete_route = routes.list_routes, routes.create_route, routes.delete_route
schedules, stats = scripts.schedules, statistics.stats
