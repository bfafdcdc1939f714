"""The version of this package: `pyproject.toml` reads it here, so that no run has to look it up."""

VERSION = "0.1.0"


def versions() -> dict[str, str]:
    """Return the versions of cfops, its packages and Python, and the platform."""
    import platform
    from importlib.metadata import version

    packages = {name: version(name) for name in ("cfops", "invoke", "requests")}
    # platform.platform() would start the program uname.
    here = f"{platform.system()}-{platform.release()}-{platform.machine()}"
    return {**packages, "python": platform.python_version(), "platform": here}
