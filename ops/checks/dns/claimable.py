"""Services where anybody may claim a name, and where a name that does not exist in DNS is free.

After can-i-take-over-xyz (CC-BY-4.0), as of November 2026: only services whose sign is NXDOMAIN.
`cdn.cloudflare.net` and load balancers of AWS cannot be claimed.
"""

from __future__ import annotations

SERVICES = {
    ".elasticbeanstalk.com": "AWS Elastic Beanstalk",
    ".azurewebsites.net": "Azure App Service",
    ".cloudapp.net": "Azure Cloud Services",
    ".cloudapp.azure.com": "Azure virtual machines",
    ".trafficmanager.net": "Azure Traffic Manager",
    ".blob.core.windows.net": "Azure Storage",
    ".azure-api.net": "Azure API Management",
    ".azurehdinsight.net": "Azure HDInsight",
    ".azureedge.net": "Azure CDN",
    ".azurecontainer.io": "Azure Container Instances",
    ".azurecr.io": "Azure Container Registry",
    ".database.windows.net": "Azure SQL",
    ".search.windows.net": "Azure AI Search",
    ".servicebus.windows.net": "Azure Service Bus",
    ".redis.cache.windows.net": "Azure Cache for Redis",
}
_ENDINGS = tuple(SERVICES)


def service_of(name: str) -> str:
    """Return the service that *name*, in lower case, belongs to; "" for any other name."""
    if not name.endswith(_ENDINGS):
        return ""
    return next(service for ending, service in SERVICES.items() if name.endswith(ending))
