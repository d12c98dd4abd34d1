"""What tests, the matrix and the conformance run share: servers, readers of requests, type checkers, expectations."""
