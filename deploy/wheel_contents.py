"""What goes into the wheel besides packages that are found: folders that lie beside `service` in a checkout.

pyproject.toml maps `migrations` and `openapi` into the package. setuptools looks for packages only where they
are called what they are, so that these are named here.
"""

from setuptools.command.build_py import build_py

_FOLDERS = ["service.migrations", "service.migrations.versions", "service.openapi"]


class Build(build_py):
    """Takes the folders along; and this file, into an archive of the sources."""

    def finalize_options(self) -> None:
        """Add the folders to the packages."""
        super().finalize_options()
        self.packages = [*self.packages, *_FOLDERS]

    def get_source_files(self) -> list[str]:
        """Return all that is needed to build the wheel again."""
        return [*super().get_source_files(), "deploy/wheel_contents.py"]
