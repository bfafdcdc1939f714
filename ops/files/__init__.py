"""Files on this machine: written whole, chained, locked."""
