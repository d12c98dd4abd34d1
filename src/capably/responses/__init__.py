"""What a call returns: responses, streams, and the ways to go on from them."""
