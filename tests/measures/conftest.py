"""The tiny U-Net that the tests of segmenters train serves here as well."""

from tests.models.segmenters.conftest import trained  # noqa: F401
