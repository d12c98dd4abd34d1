"""From facts to the text of stubs: types and signatures of each profile, docstrings, and the templates that hold them."""
