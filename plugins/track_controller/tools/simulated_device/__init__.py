"""A simulated RallyLab Track Controller: protocol 1.0 and 2.0, over HTTP and over a pseudo-terminal."""

from .device import Device, Oddities

__all__ = ["Device", "Oddities"]
