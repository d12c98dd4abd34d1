"""The registry as one self-contained page: `just catalogue`."""
