"""Python types as JSON Schema, and parsed JSON as values of those types."""

from typing import TYPE_CHECKING

from capably.json_schema.docstrings import Docstring, own_docstring, read_docstring
from capably.json_schema.nulls import without_nulls
from capably.json_schema.shape import MisfitError, Shape, with_defs
from capably.json_schema.walk import ALLOWED, json_schema, load, property_schema, shape_of, shapes_of

if TYPE_CHECKING:
    from capably.json_schema.shape import Loader as Loader, Schema as Schema

__all__ = [
    "ALLOWED",
    "Docstring",
    "MisfitError",
    "Shape",
    "json_schema",
    "load",
    "own_docstring",
    "property_schema",
    "read_docstring",
    "shape_of",
    "shapes_of",
    "with_defs",
    "without_nulls",
]
