"""bot management: settings of zones."""
